package tributary.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.model.generate.OfflineGeneration;
import tributary.model.sampling.Sampler;
import tributary.model.tokenizer.TextStream;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.FinishReason;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.Usage;

/** Continues a prompt with one variant, without a server. */
@Command(
    name = "generate",
    description = "Continue a prompt with the base, a delta on it, or a whole fine-tune.")
final class GenerateCommand implements Callable<Integer> {
  @Mixin private VariantOptions variant = new VariantOptions();

  @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "The prompt.")
  private String prompt = "";

  @Option(
      names = "--max-tokens",
      defaultValue = "128",
      paramLabel = "N",
      description = "Tokens to generate at most (default: ${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(
      names = "--temperature",
      defaultValue = "0",
      paramLabel = "T",
      description = "0 is greedy (default: ${DEFAULT-VALUE}).")
  private double temperature;

  @Option(
      names = "--top-p",
      defaultValue = "1",
      paramLabel = "P",
      description = "Keep the likeliest tokens up to this mass (default: ${DEFAULT-VALUE}).")
  private double topP;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "S",
      description = "Seed of the draw (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--stop", paramLabel = "TEXT", description = "End at this text; repeatable.")
  private List<String> stops = new ArrayList<>();

  @Option(names = "--ignore-eos", description = "Go on past the end-of-sequence token.")
  private boolean ignoreEos;

  @Mixin private ReportOptions report = new ReportOptions();

  /** What is printed; the JSON names are stable. */
  private record Result(
      String text,
      List<Integer> tokens,
      String finishReason,
      int promptTokens,
      int completionTokens) {}

  @Override
  public Integer call() {
    var sampling =
        new Sampling(temperature, 0, topP, 0, seed, 1, 0, 0, Map.of(), Sampling.NO_LOGPROBS);
    try (VariantOptions.Opened opened = variant.open();
        TextTokenizer tokenizer = TextTokenizer.open(opened.directory())) {
      Set<Integer> eos = opened.model().config().eosTokens();
      var stop = new StopRule(maxTokens, 0, ignoreEos ? Set.of() : eos);
      Tokens tokens = tokenizer.encode(prompt, true);
      var answer = new Answer(new TextStream(tokenizer, stops), new HashSet<>(eos));
      report.streaming(answer::printTo);
      OfflineGeneration.run(
          opened.model(),
          List.of(new OfflineGeneration.Prompt(opened.delta(), tokens, sampling, stop)),
          answer);
      report.print(answer.result(), PrintStream::println);
    }
    return 0;
  }

  /** Gathers the answer, and prints it piece by piece where somebody reads along. */
  private static final class Answer implements OfflineGeneration.Listener {
    private final TextStream stream;
    private final Set<Integer> silent;
    private final StringBuilder text = new StringBuilder();
    private final List<Integer> tokens = new ArrayList<>();
    private @Nullable PrintStream reader;
    private boolean stopped;
    private FinishReason reason = FinishReason.LENGTH;
    private Usage usage = new Usage(0, 0);

    Answer(TextStream stream, Set<Integer> silent) {
      this.stream = stream;
      this.silent = silent;
    }

    void printTo(PrintStream reader) {
      this.reader = reader;
    }

    @Override
    public boolean drawn(int sequence, Sampler.Drawn drawn) {
      tokens.add(drawn.token());
      if (!silent.contains(drawn.token())) {
        take(stream.append(drawn.token()));
      }
      return !stopped;
    }

    @Override
    public void finished(int sequence, FinishReason end, Usage tokensUsed) {
      if (!stopped) {
        take(stream.finish());
      }
      reason = stopped ? FinishReason.STOP : end;
      usage = tokensUsed;
    }

    private void take(TextStream.Piece piece) {
      text.append(piece.text());
      stopped |= piece.stopped();
      if (reader != null) {
        reader.print(piece.text());
        reader.flush();
      }
    }

    Result result() {
      return new Result(
          text.toString(),
          tokens,
          reason.wireName(),
          usage.promptTokens(),
          usage.completionTokens());
    }
  }
}
