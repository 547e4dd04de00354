# Portico's server and worker: slim, non-root, without the one-machine stack.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /opt/portico \
 && /opt/portico/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim
ENV PATH=/opt/portico/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORTICO_ENV=production \
    PORTICO_HTTP_HOST=0.0.0.0 PORTICO_METRICS_HOST=0.0.0.0
RUN useradd --system --uid 10001 --no-create-home portico
COPY --from=build /opt/portico /opt/portico
WORKDIR /srv/portico
COPY activities activities
COPY commands commands
COPY db db
COPY dispatch dispatch
COPY domain domain
COPY gateways gateways
COPY portal portal
COPY telemetry telemetry
COPY web web
COPY webhooks webhooks
COPY workflows workflows
COPY cli.py composition.py doctor.py logs.py operators.py reconcile.py server.py settings.py worker.py ./
USER portico
EXPOSE 8000 9464
ENTRYPOINT ["python", "-m", "cli"]
CMD ["server"]
