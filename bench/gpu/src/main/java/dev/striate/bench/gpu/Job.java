package dev.striate.bench.gpu;

import dev.striate.bench.common.Row;

/** A row, and the request for the same work to {@code torch_peer.py}. */
record Job(Row row, String request) {}
