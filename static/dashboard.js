// Draws each chart when it comes near the screen; the words below it come with the same answer.
"use strict";

const CONFIG = { displayModeBar: false, responsive: true, locale: "en" };

async function draw(chart) {
  const plot = chart.querySelector(".plot");
  try {
    const answer = await fetch(chart.dataset.chart, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
    const { figure, description } = await answer.json();
    plot.replaceChildren();
    chart.querySelector(".words").textContent = description;
    plot.setAttribute("aria-label", description);
    await Plotly.newPlot(plot, figure.data, figure.layout, CONFIG);
    chart.dataset.drawn = "yes";
  } catch (problem) {
    plot.textContent = `This chart could not be drawn. ${problem.message} Reload the page to try again.`;
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "600px" });

document.querySelectorAll("[data-chart]").forEach((chart) => watcher.observe(chart));
