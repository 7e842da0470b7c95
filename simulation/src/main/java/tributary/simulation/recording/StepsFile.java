package tributary.simulation.recording;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.Nanos;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.scheduling.Arrival;
import tributary.scheduling.PolicyChoice;
import tributary.scheduling.SchedulerEvent;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;
import tributary.scheduling.TenantTerms;
import tributary.simulation.recording.RecordedRun.Planned;
import tributary.simulation.recording.RecordedRun.Slice;
import tributary.simulation.recording.RecordedRun.Told;

/**
 * Reads what a server writes to {@code tributary.recording.steps}. Tokens are made up so that pages
 * are alike where the server's were.
 */
public final class StepsFile {
  private static final String FORMAT = "tributary-steps";
  private static final int VERSION = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A request and all its tokens; outputs are known only if it ended. */
  private record Script(GenerationRequest request, Tokens outputs) {}

  private final Path file;
  private final List<JsonNode> lines;
  private final int pageTokens;
  private final Map<Long, Integer> pageTokensByNumber = new HashMap<>();
  private final Map<Long, JsonNode> ends = new HashMap<>();

  /** Requests that ended by their own length. */
  private final Set<Long> finished = new HashSet<>();

  private final List<Told> inputs = new ArrayList<>();
  private final List<Planned> plans = new ArrayList<>();
  private final Map<RequestId, Tokens> outputs = new HashMap<>();

  private StepsFile(Path file, List<JsonNode> lines) {
    this.file = file;
    this.lines = lines;
    this.pageTokens = lines.getFirst().path("page_tokens").asInt();
  }

  /** The run as far as the file goes. */
  public static RecordedRun read(Path file) {
    List<JsonNode> lines = lines(file);
    if (lines.isEmpty() || !lines.getFirst().path("format").asText().equals(FORMAT)) {
      throw wrong(file, 1, "it must name the format " + FORMAT);
    }
    if (lines.getFirst().path("version").asInt() != VERSION) {
      throw wrong(file, 1, "this build reads version " + VERSION + "; record anew");
    }
    return new StepsFile(file, lines).run();
  }

  private static List<JsonNode> lines(Path file) {
    List<JsonNode> lines = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(file)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(MAPPER.readTree(line));
      }
      return lines;
    } catch (JsonProcessingException e) {
      throw wrong(file, lines.size() + 1, "it is not JSON: " + e.getOriginalMessage());
    } catch (NoSuchFileException e) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND,
          "no recording %s; set tributary.recording.steps where a server runs".formatted(file),
          e);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }
  }

  private RecordedRun run() {
    for (JsonNode line : lines) {
      line.path("ended").forEach(end -> ends.put(end.path("request").asLong(), end));
      line.path("expired").forEach(end -> ends.put(end.path("request").asLong(), end));
      if (line.has("done")) {
        line.path("ended").forEach(end -> finished.add(end.path("request").asLong()));
      }
    }
    try {
      for (int i = 1; i < lines.size(); i++) {
        take(i + 1, lines.get(i));
      }
      return new RecordedRun(limits(), rules(), inputs, plans, outputs);
    } catch (IllegalArgumentException e) {
      throw wrong(file, 1, String.valueOf(e.getMessage()));
    }
  }

  private void take(int number, JsonNode line) {
    Nanos at = new Nanos(line.path("at").asLong());
    if (line.has("plan")) {
      plans.add(new Planned(at, Nanos.ZERO, slices(line.path("plan"))));
    } else if (line.has("done")) {
      if (plans.isEmpty() || line.path("failed").asInt() > 0) {
        throw wrong(file, number, "its step failed; a run that can be replayed has none that did");
      }
      Planned plan = plans.removeLast();
      plans.add(new Planned(plan.at(), at.minus(plan.at()), plan.slices()));
    } else {
      inputs.add(new Told(at, input(number, line, at)));
    }
  }

  private SchedulerEvent.Input input(int number, JsonNode line, Nanos at) {
    if (line.has("arrived")) {
      return new SchedulerEvent.Arrived(arrival(line), true, at);
    } else if (line.has("credit")) {
      return new SchedulerEvent.Credited(id(line, "credit"), line.path("tokens").asInt(), at);
    } else if (line.has("cancelled")) {
      return new SchedulerEvent.Cancelled(id(line, "cancelled"));
    } else if (line.has("width")) {
      return new SchedulerEvent.Width(line.path("loading").asLong(), line.path("width").asInt());
    } else if (line.has("unloaded")) {
      return new SchedulerEvent.Unloaded(
          new DeltaId(line.path("unloaded").asText()), line.path("loading").asLong());
    } else if (line.has("terms")) {
      return new SchedulerEvent.Agreed(
          new DeltaId(line.path("terms").asText()),
          TenantTerms.DEFAULT.withWeight(line.path("weight").asInt()));
    } else if (line.has("expired")) {
      return new SchedulerEvent.Expired(List.of(), at);
    } else if (line.has("closed")) {
      return new SchedulerEvent.Closed();
    }
    throw wrong(file, number, "it says nothing that this build knows");
  }

  private Arrival arrival(JsonNode line) {
    Script script = script(line);
    outputs.put(script.request.id(), script.outputs);
    JsonNode deadline = line.path("deadline");
    return new Arrival(
        script.request,
        line.path("credit").asInt(),
        line.path("loading").asLong(),
        line.path("urgency").asInt(),
        deadline.isNumber() ? new Nanos(deadline.asLong()) : null);
  }

  private Script script(JsonNode line) {
    long number = line.path("arrived").asLong();
    @Nullable JsonNode end = ends.get(number);
    int prompt = line.path("prompt").asInt();
    int output = end == null ? 0 : end.path("tokens").asInt();
    JsonNode pages = (end == null ? line : end).path("pages");
    int[] tokens = new int[prompt + output];
    for (int i = 0; i < tokens.length && i / pageTokens < pages.size(); i++) {
      long page = pages.get(i / pageTokens).asLong();
      tokens[i] = pageTokensByNumber.computeIfAbsent(page, _ -> pageTokensByNumber.size() + 1);
    }
    int most = Math.max(1, line.path("output_max").asInt());
    var request =
        new GenerationRequest(
            id(line, "arrived"),
            new DeltaId(line.path("model").asText()),
            Tokens.of(Arrays.copyOf(tokens, prompt)),
            Sampling.GREEDY,
            new StopRule(finished.contains(number) ? output : most, 0, Set.of()));
    return new Script(request, Tokens.of(tokens).last(output));
  }

  private List<Slice> slices(JsonNode plan) {
    List<Slice> slices = new ArrayList<>();
    for (JsonNode slice : plan) {
      slices.add(
          new Slice(
              new RequestId(slice.path(0).asText()),
              slice.path(1).asInt(),
              slice.path(2).asInt(),
              slice.path(3).asInt() == 1));
    }
    return slices;
  }

  private static RequestId id(JsonNode line, String field) {
    return new RequestId(line.path(field).asText());
  }

  private SchedulerLimits limits() {
    JsonNode header = lines.getFirst();
    return new SchedulerLimits(
        header.path("tokens_per_step").asInt(),
        header.path("running_max").asInt(),
        header.path("waiting_max").asInt(),
        header.path("kv_pages").asInt(),
        pageTokens,
        header.path("context").asInt(),
        new Nanos(header.path("slow_reader_ns").asLong()));
  }

  private SchedulerRules rules() {
    JsonNode header = lines.getFirst();
    Nanos age = new Nanos(header.path("age_ns").asLong());
    PolicyChoice policy =
        switch (header.path("policy").asText()) {
          case "fair" -> new PolicyChoice.Fair(header.path("gap_tokens").asInt(), age);
          case "line-skipping" ->
              new PolicyChoice.LineSkipping(
                  PolicyChoice.LineSkipping.Preemption.valueOf(
                      header.path("preemption").asText().toUpperCase(Locale.ROOT)),
                  age);
          case "first-come" -> new PolicyChoice.FirstCome();
          default -> throw wrong(file, 1, "its policy is unknown: " + header.path("policy"));
        };
    JsonNode base = header.path("base");
    return new SchedulerRules(
        policy,
        header.path("deltas_max").asInt(),
        base.isTextual() ? new DeltaId(base.asText()) : null,
        SchedulerRules.Prefixes.valueOf(header.path("prefixes").asText()));
  }

  private static TributaryException wrong(Path file, int line, String why) {
    return new TributaryException(
        ErrorCode.TRACE_FORMAT, "%s line %d: %s".formatted(file, line, why));
  }
}
