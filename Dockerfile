# The project with what a run needs, for a user without rights. Raw files, keys and store are mounted, never copied:
#
#   docker build --tag gpld .
#   docker run --rm --network none --read-only --tmpfs /tmp --tmpfs /home/custodian \
#       --mount type=bind,src=/secure/raw,dst=/raw,readonly \
#       --mount type=bind,src=/secure/keys,dst=/keys --mount type=bind,src=/secure/store,dst=/store \
#       gpld build --vars '{collected_at: ..., period_start: ..., period_end: ...}'
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends make=4.* \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 custodian

WORKDIR /project
# First what rarely changes.
COPY Makefile requirements.lock requirements-reports.lock ./
COPY gp_level_data/gpld gp_level_data/gpld
RUN make .venv/.requirements-installed .venv/.requirements-reports-installed
COPY --chown=10001 . .

USER 10001
ENV RAW_DIR=/raw KEY_DIR=/keys STORE_DIR=/store \
    DBT_TARGET_PATH=/tmp/target DBT_LOG_PATH=/tmp/logs PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["/project/.venv/bin/gpld"]
CMD ["--help"]
