package tributary.cli.load;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * What a run found, counted as {@code vllm bench serve} counts: rates count what was answered to
 * the end, over the time from the first request to the end of the last.
 *
 * @param errors how often what went wrong
 * @param goodput requests a second that met the objective
 * @param peakOutputTokens chunks in the busiest second
 * @param peakConcurrency requests that ran at the same time
 * @param ttft time to the first token
 * @param tpot time per token after the first, of requests with more than one
 * @param itl gaps between chunks of one request, of all requests
 * @param e2el end to end
 */
public record LoadFigures(
    int completed,
    int failed,
    Map<String, Integer> errors,
    double seconds,
    long promptTokens,
    long outputTokens,
    double requestsPerSecond,
    double goodput,
    double outputTokensPerSecond,
    double totalTokensPerSecond,
    int peakOutputTokens,
    int peakConcurrency,
    Spread ttft,
    Spread tpot,
    Spread itl,
    Spread e2el,
    List<OfTenant> tenants,
    @JsonIgnore Series series) {
  /** One tenant's share. */
  public record OfTenant(String model, int completed, int failed, Spread ttft, Spread tpot) {}

  /** What plots show: each request's times in seconds, and chunks in each second of the run. */
  record Series(
      List<Double> ttft,
      List<Double> tpot,
      List<Double> itl,
      List<Double> e2el,
      List<Integer> chunks) {}

  static LoadFigures of(List<Answer> answers, List<String> models, LoadObjective objective) {
    List<Answer.Finished> finished = finished(answers).toList();
    double end = answers.stream().mapToDouble(Answer::endSeconds).max().orElse(0);
    double begun = answers.stream().mapToDouble(Answer::sentSeconds).min().orElse(0);
    double seconds = Math.max(end - begun, 1e-9);
    long prompts = finished.stream().mapToLong(Answer.Finished::promptTokens).sum();
    long outputs = finished.stream().mapToLong(Answer.Finished::outputTokens).sum();
    var series =
        new Series(
            each(finished, Answer.Finished::firstToken),
            perToken(finished),
            gaps(finished),
            each(finished, Answer.Finished::endToEnd),
            chunks(finished));
    return new LoadFigures(
        finished.size(),
        answers.size() - finished.size(),
        errors(answers),
        seconds,
        prompts,
        outputs,
        finished.size() / seconds,
        finished.stream().filter(objective::isMetBy).count() / seconds,
        outputs / seconds,
        (prompts + outputs) / seconds,
        series.chunks.stream().mapToInt(each -> each).max().orElse(0),
        peak(answers),
        Spread.ofSeconds(series.ttft),
        Spread.ofSeconds(series.tpot),
        Spread.ofSeconds(series.itl),
        Spread.ofSeconds(series.e2el),
        tenants(answers, models),
        series);
  }

  private static List<OfTenant> tenants(List<Answer> answers, List<String> models) {
    var tenants = new ArrayList<OfTenant>();
    for (int tenant = 0; tenant < models.size(); tenant++) {
      int number = tenant;
      List<Answer> own = answers.stream().filter(each -> each.tenant() == number).toList();
      List<Answer.Finished> finished = finished(own).toList();
      tenants.add(
          new OfTenant(
              models.get(tenant),
              finished.size(),
              own.size() - finished.size(),
              Spread.ofSeconds(each(finished, Answer.Finished::firstToken)),
              Spread.ofSeconds(perToken(finished))));
    }
    return tenants;
  }

  private static Stream<Answer.Finished> finished(List<Answer> answers) {
    return answers.stream()
        .filter(Answer.Finished.class::isInstance)
        .map(Answer.Finished.class::cast);
  }

  private static Map<String, Integer> errors(List<Answer> answers) {
    var errors = new TreeMap<String, Integer>();
    for (Answer answer : answers) {
      if (answer instanceof Answer.Failed failed) {
        errors.merge(failed.kind(), 1, Integer::sum);
      }
    }
    return new LinkedHashMap<>(errors);
  }

  private static List<Double> each(
      List<Answer.Finished> finished, ToDoubleFunction<Answer.Finished> time) {
    return finished.stream().map(answer -> time.applyAsDouble(answer)).toList();
  }

  private static List<Double> perToken(List<Answer.Finished> finished) {
    return each(
        finished.stream().filter(answer -> answer.outputTokens() > 1).toList(),
        Answer.Finished::perToken);
  }

  private static List<Double> gaps(List<Answer.Finished> finished) {
    var gaps = new ArrayList<Double>();
    for (Answer.Finished answer : finished) {
      List<Double> chunks = answer.chunkSeconds();
      for (int i = 1; i < chunks.size(); i++) {
        gaps.add(chunks.get(i) - chunks.get(i - 1));
      }
    }
    return gaps;
  }

  private static List<Integer> chunks(List<Answer.Finished> finished) {
    var counts = new TreeMap<Integer, Integer>();
    for (Answer.Finished answer : finished) {
      answer.chunkSeconds().forEach(at -> counts.merge((int) Math.floor(at), 1, Integer::sum));
    }
    var chunks = new ArrayList<Integer>();
    for (int second = 0; !counts.isEmpty() && second <= counts.lastKey(); second++) {
      chunks.add(counts.getOrDefault(second, 0));
    }
    return chunks;
  }

  /** An end at the moment of a beginning comes first: the two did not run together. */
  private static int peak(List<Answer> answers) {
    record Step(double at, int change) {}

    List<Step> steps =
        answers.stream()
            .flatMap(answer ->
                Stream.of(new Step(answer.sentSeconds(), 1), new Step(answer.endSeconds(), -1)))
            .sorted(Comparator.comparingDouble(Step::at).thenComparingInt(Step::change))
            .toList();
    int running = 0;
    int most = 0;
    for (Step step : steps) {
      running += step.change();
      most = Math.max(most, running);
    }
    return most;
  }
}
