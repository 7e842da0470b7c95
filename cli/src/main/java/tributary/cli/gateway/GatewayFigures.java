package tributary.cli.gateway;

/**
 * What a run found. All but the heap is of the measured time only.
 *
 * @param offeredTokensPerSecond that the device emits; 0: as many as are taken
 * @param latency from a token's emission to its arrival at the client
 * @param gatewayMicrosPerToken processor time of everything but the client's thread, such as the
 *     collector's
 * @param clientMicrosPerToken processor time of the client's thread
 */
public record GatewayFigures(
    int streams,
    double seconds,
    long tokens,
    double tokensPerSecond,
    double offeredTokensPerSecond,
    Latency latency,
    double gatewayMicrosPerToken,
    double clientMicrosPerToken,
    long answers,
    Heap heap) {
  /** Percentiles over tokens. */
  public record Latency(double p50Millis, double p90Millis, double p99Millis, double maxMillis) {}

  /** What was alive after a full collection before and after the measured time, in MiB. */
  public record Heap(double beforeMib, double afterMib) {}
}
