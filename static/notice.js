// The print button of the entrance notice.
"use strict";

document.querySelector("[data-print]").addEventListener("click", () => window.print());
