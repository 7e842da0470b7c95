package tributary.benchmarks.report;

import java.util.List;
import java.util.Map;

/**
 * One run of the comparison.
 *
 * @param date when it began, ISO 8601, UTC
 * @param command what was typed
 * @param machine where it ran
 * @param settings what was asked for, by name
 * @param arithmetic for each engine its path and number formats
 * @param models one comparison a model
 */
public record ComparisonReport(
    String date,
    String command,
    Machine machine,
    Map<String, String> settings,
    Map<String, String> arithmetic,
    List<ModelComparison> models) {}
