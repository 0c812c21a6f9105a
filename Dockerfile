# One image for the web process and all workers; compose.yaml says which command each runs.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 TF_CPP_MIN_LOG_LEVEL=3 FOYER_DATA=/data \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
# Nobody in the container needs to write anywhere but here.
RUN useradd --system --uid 10001 foyer && mkdir -p /data staticfiles && chown foyer /data staticfiles
USER foyer
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "analytics.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "120"]
