package tributary.cli.soak;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run found; the JSON names are stable.
 *
 * @param answers that were compared, whole or up to where their readers left
 * @param mixedWidths answers that no offline answer can be like, since their width changed
 * @param wrongTokens answers with other tokens than the offline decoder's
 * @param wrongLogits answers with other log-probabilities, by more than the tolerance
 * @param greatestDistance of any log-probability from the offline decoder's
 * @param failures answers that failed, by their codes
 * @param memory samples over the run
 */
public record SoakReport(
    SoakSettings settings,
    double seconds,
    long answers,
    long tokens,
    long mixedWidths,
    long leftReaders,
    long wrongTokens,
    long wrongLogits,
    double greatestDistance,
    Map<String, Long> failures,
    Events events,
    ColdStart coldStart,
    Budgets budgets,
    Memory memory) {
  /**
   * What happened to memory, counted.
   *
   * @param loads of deltas to where they are computed with
   * @param warmLoads of these, those whose file was still open and verified
   * @param unloads for whatever reason
   * @param evictions unloads because others needed the memory
   * @param planesDropped from variants that stayed
   * @param pageReuses KV pages given to a sequence after another
   * @param prefixHits sequences that began with KV that was there
   * @param preemptions sequences that lost their KV
   */
  public record Events(
      long loads,
      long warmLoads,
      long unloads,
      long evictions,
      long planesDropped,
      long pageReuses,
      long prefixHits,
      long preemptions,
      long upgrades,
      long rollBacks) {
    long sum() {
      return loads + unloads + pageReuses + prefixHits;
    }
  }

  /** Means over all starts of variants that were not loaded. */
  public record ColdStart(
      long count,
      double queueMilliseconds,
      double readMilliseconds,
      double verifyMilliseconds,
      double transferMilliseconds,
      double firstStepMilliseconds) {}

  /** Budgets, and the most that was seen in use of them. */
  public record Budgets(
      long hotBytes, long hotBytesMost, long hotMost, long warmBytes, long warmMost) {}

  /** Samples, and the line through the later three quarters of them. */
  public record Memory(
      List<ProcessMemory> samples, Trend heap, Trend resident, Trend mapped, Trend handles) {
    static Memory of(List<ProcessMemory> samples) {
      return new Memory(
          List.copyOf(samples),
          Trend.of(samples, ProcessMemory::heapBytes),
          Trend.of(samples, ProcessMemory::residentBytes),
          Trend.of(samples, ProcessMemory::mappedBytes),
          Trend.of(samples, ProcessMemory::handles));
    }
  }

  /** Whether every answer was the offline decoder's. */
  public boolean isSound() {
    return wrongTokens == 0 && wrongLogits == 0 && failures.isEmpty() && answers > 0;
  }

  /** Prints it for people. */
  public void print(PrintStream to) {
    to.printf(
        Locale.ROOT,
        "%d tenants, %.0f s: %d answers compared (%d of readers that left, %d of mixed widths not),"
            + " %d tokens%n",
        settings.tenants(),
        seconds,
        answers,
        leftReaders,
        mixedWidths,
        tokens);
    to.printf(
        Locale.ROOT,
        "wrong tokens %d, wrong logits %d (greatest distance %.2g), failures %s%n",
        wrongTokens,
        wrongLogits,
        greatestDistance,
        failures);
    to.printf(
        "loads %d (warm %d), unloads %d (evictions %d), page reuses %d, prefix hits %d: %d events%n",
        events.loads,
        events.warmLoads,
        events.unloads,
        events.evictions,
        events.pageReuses,
        events.prefixHits,
        events.sum());
    to.printf(
        "planes dropped %d, preemptions %d, upgrades %d, rollbacks %d%n",
        events.planesDropped, events.preemptions, events.upgrades, events.rollBacks);
    to.printf(
        "hot at most %d in %d of %d bytes, warm at most %d in %d bytes%n",
        budgets.hotMost,
        budgets.hotBytesMost,
        budgets.hotBytes,
        budgets.warmMost,
        budgets.warmBytes);
    to.printf(
        Locale.ROOT,
        "cold starts %d, ms: queue %.2f, read %.2f, verify %.2f, transfer %.2f, first step %.2f%n",
        coldStart.count,
        coldStart.queueMilliseconds,
        coldStart.readMilliseconds,
        coldStart.verifyMilliseconds,
        coldStart.transferMilliseconds,
        coldStart.firstStepMilliseconds);
    print(to, "heap, MiB", memory.heap, 1 << 20);
    print(to, "resident, MiB", memory.resident, 1 << 20);
    print(to, "mapped deltas, MiB", memory.mapped, 1 << 20);
    print(to, "handles", memory.handles, 1);
  }

  private static void print(PrintStream to, String name, Trend trend, double unit) {
    to.printf(
        Locale.ROOT,
        "%-18s mean %8.1f, slope %+8.2f an hour, %+.1f%% over the run%n",
        name,
        trend.mean() / unit,
        trend.perHour() / unit,
        100 * trend.growth());
  }
}
