package tributary.actors;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.TokenEvent;
import tributary.scheduling.Arrival;
import tributary.scheduling.Journal;
import tributary.scheduling.PolicyChoice;
import tributary.scheduling.SchedulerEvent;
import tributary.scheduling.SchedulerEvent.Agreed;
import tributary.scheduling.SchedulerEvent.Arrived;
import tributary.scheduling.SchedulerEvent.Cancelled;
import tributary.scheduling.SchedulerEvent.Closed;
import tributary.scheduling.SchedulerEvent.Completed;
import tributary.scheduling.SchedulerEvent.Credited;
import tributary.scheduling.SchedulerEvent.Expired;
import tributary.scheduling.SchedulerEvent.Planned;
import tributary.scheduling.SchedulerEvent.Unloaded;
import tributary.scheduling.SchedulerEvent.Width;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.scheduling.StepPlan;
import tributary.scheduling.StepResult;

/**
 * Writes down everything that the device's scheduler is told and plans, a JSON object a line, so
 * that the simulator can go through it once more. Requests are numbered. Of what they say there are
 * lengths, and for each full page of a sequence a number that is the same where all tokens up to
 * the page's end are the same.
 */
final class RecordedSteps implements Journal {
  private static final String FORMAT = "tributary-steps";
  private static final int VERSION = 1;

  /** A sequence that has not ended. */
  private static final class Live {
    private final long number;
    private final int prompt;
    private int[] tokens;
    private int length;

    Live(long number, int[] prompt) {
      this.number = number;
      this.prompt = prompt.length;
      this.tokens = prompt;
      this.length = prompt.length;
    }

    void add(int token) {
      if (length == tokens.length) {
        tokens = Arrays.copyOf(tokens, length + length / 2 + 32);
      }
      tokens[length++] = token;
    }
  }

  private final Consumer<String> lines;
  private final PageNumbers pages;
  private final Map<RequestId, Live> live = new HashMap<>();
  private Nanos last = Nanos.ZERO;
  private long arrived;

  /**
   * @param lines is given the file's first line and those that follow
   */
  RecordedSteps(SchedulerLimits limits, SchedulerRules rules, Consumer<String> lines) {
    this.lines = lines;
    this.pages = new PageNumbers(limits.pageTokens());
    lines.accept(header(limits, rules));
  }

  @Override
  public void note(SchedulerEvent event) {
    String what =
        switch (event) {
          case Planned(var plan, var now) -> at(now) + "\"plan\":[" + slices(plan) + "]";
          case Completed(var result, var events, var now) -> at(now) + done(result, events);
          case Arrived(var arrival, var accepted, var now) -> at(now) + arrived(arrival, accepted);
          case Credited(var request, var tokens, var now) ->
              at(now) + "\"credit\":%d,\"tokens\":%d".formatted(number(request), tokens);
          case Cancelled(var request) -> at(last) + cancelled(request);
          case Width(var loading, var width) ->
              at(last) + "\"width\":%d,\"loading\":%d".formatted(width, loading);
          case Unloaded(var delta, var loading) ->
              at(last) + "\"unloaded\":\"%s\",\"loading\":%d".formatted(delta, loading);
          case Agreed(var delta, var terms) ->
              at(last) + "\"terms\":\"%s\",\"weight\":%d".formatted(delta, terms.weight());
          case Expired(var events, var now) -> at(now) + "\"expired\":[" + ended(events) + "]";
          case Closed _ -> at(last) + "\"closed\":true";
        };
    lines.accept("{" + what + "}\n");
  }

  /** Moments rise, so that each line has a place of its own between the others. */
  private String at(Nanos now) {
    last = now.compareTo(last) > 0 ? now : last.plus(new Nanos(1));
    return "\"at\":" + last.count() + ",";
  }

  private String arrived(Arrival arrival, boolean accepted) {
    var request = arrival.request();
    int[] prompt = request.prompt().toArray();
    var sequence = new Live(++arrived, prompt);
    if (accepted) {
      live.put(request.id(), sequence);
    }
    return ("\"arrived\":%d,\"model\":\"%s\",\"loading\":%d,\"credit\":%d,\"urgency\":%d,"
            + "\"deadline\":%s,\"prompt\":%d,\"output_max\":%d,\"pages\":[%s]")
        .formatted(
            sequence.number,
            request.model(),
            arrival.loading(),
            arrival.credit(),
            arrival.urgency(),
            nanos(arrival.deadline()),
            prompt.length,
            request.stop().maxTokens(),
            pages.text(prompt, prompt.length));
  }

  private String cancelled(RequestId request) {
    Live sequence = live.remove(request);
    return "\"cancelled\":"
        + (sequence == null ? "0" : sequence.number + ",\"ended\":[" + ended(sequence) + "]");
  }

  private String done(StepResult result, List<TokenEvent> events) {
    for (StepResult.Drawn drawn : result.drawn()) {
      Live sequence = live.get(drawn.request());
      if (sequence != null) {
        sequence.add(drawn.token());
      }
    }
    return "\"done\":%d,\"failed\":%d,\"ended\":[%s]"
        .formatted(result.number(), result.failures().size(), ended(events));
  }

  private String ended(List<TokenEvent> events) {
    return events.stream()
        .filter(event -> !(event instanceof TokenEvent.Token))
        .map(event -> live.remove(event.request()))
        .filter(Objects::nonNull)
        .map(this::ended)
        .collect(Collectors.joining(","));
  }

  private String ended(Live sequence) {
    return "{\"request\":%d,\"tokens\":%d,\"pages\":[%s]}"
        .formatted(
            sequence.number,
            sequence.length - sequence.prompt,
            pages.text(sequence.tokens, sequence.length));
  }

  private String slices(StepPlan plan) {
    return plan.slices().stream()
        .map(slice ->
            "[%d,%d,%d,%d]"
                .formatted(
                    number(slice.request().id()),
                    slice.firstPosition(),
                    slice.count(),
                    slice.draws() ? 1 : 0))
        .collect(Collectors.joining(","));
  }

  /** 0 names a request that has ended. */
  private long number(RequestId request) {
    Live sequence = live.get(request);
    return sequence == null ? 0 : sequence.number;
  }

  private static String header(SchedulerLimits limits, SchedulerRules rules) {
    DeltaId base = rules.base();
    return ("{\"format\":\"%s\",\"version\":%d,\"tokens_per_step\":%d,\"running_max\":%d,"
            + "\"waiting_max\":%d,\"kv_pages\":%d,\"page_tokens\":%d,\"context\":%d,"
            + "\"slow_reader_ns\":%d,%s,\"deltas_max\":%d,\"base\":%s,\"prefixes\":\"%s\"}\n")
        .formatted(
            FORMAT,
            VERSION,
            limits.tokensPerStep(),
            limits.runningMax(),
            limits.waitingMax(),
            limits.kvPages(),
            limits.pageTokens(),
            limits.contextLength(),
            limits.slowReaderMax().count(),
            policy(rules.policy()),
            rules.deltasMax(),
            base == null ? "null" : "\"" + base + "\"",
            rules.prefixes());
  }

  private static String policy(PolicyChoice policy) {
    return switch (policy) {
      case PolicyChoice.FirstCome _ -> "\"policy\":\"first-come\"";
      case PolicyChoice.LineSkipping(var preemption, var ageMax) ->
          "\"policy\":\"line-skipping\",\"preemption\":\"%s\",\"age_ns\":%d"
              .formatted(preemption, ageMax.count());
      case PolicyChoice.Fair(var gapTokens, var ageMax) ->
          "\"policy\":\"fair\",\"gap_tokens\":%d,\"age_ns\":%d"
              .formatted(gapTokens, ageMax.count());
    };
  }

  private static String nanos(@Nullable Nanos moment) {
    return moment == null ? "null" : Long.toString(moment.count());
  }
}
