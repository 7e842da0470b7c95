package tributary.actors;

import tributary.scheduling.placement.ExecutorReport;

/**
 * What an executor tells all executors of itself, again and again.
 *
 * @param address of its member of the cluster
 */
record ExecutorNews(String address, ExecutorReport report) implements WireMessage {}
