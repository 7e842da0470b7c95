package tributary.benchmarks.engines;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import de.kherud.llama.args.LogFormat;
import de.kherud.llama.args.Sampler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import tributary.benchmarks.weights.ModelDirectory;

/**
 * Decodes with llama.cpp through its Java binding, which holds llama.cpp's server: the sequences of
 * a batch are parallel slots, decoded together by continuous batching.
 */
final class LlamaCppDriver implements DecodeDriver {
  private final DecodeTask task;
  private final LlamaModel model;
  private final TokenTexts texts;
  private final List<Integer> prompt;

  private LlamaCppDriver(
      DecodeTask task, LlamaModel model, TokenTexts texts, List<Integer> prompt) {
    this.task = task;
    this.model = model;
    this.texts = texts;
    this.prompt = prompt;
  }

  /** Runs a task in this JVM. */
  public static void main(String[] arguments) throws Exception {
    DecodeDriver.serve(arguments, LlamaCppDriver::open);
    // The binding leaves native threads that an orderly exit waits for without end.
    Runtime.getRuntime().halt(0);
  }

  private static LlamaCppDriver open(DecodeTask task) throws IOException {
    LlamaModel.setLogger(LogFormat.TEXT, (_, _) -> {});
    // A byte-level prompt has at most a token a character of ASCII, and a begin token.
    int longestSequence = task.prompt().length() + 2 + task.tokens();
    LlamaModel model =
        new LlamaModel(
            new ModelParameters()
                .setModel(task.model().gguf().toString())
                .setThreads(task.threads())
                .setThreadsBatch(task.threads())
                .setParallel(task.batch())
                .enableContBatching()
                .disableContextShift()
                .setCtxSize(task.batch() * longestSequence)
                .setCacheTypeK(CacheType.F32)
                .setCacheTypeV(CacheType.F32)
                .setGpuLayers(0));
    ModelDirectory directory = new ModelDirectory(task.model().directory());
    TokenTexts texts =
        new TokenTexts(directory.shape().vocabulary(), id -> model.decode(new int[] {id}));
    // The binding adds the begin token when it decodes, but does not show it.
    List<Integer> prompt =
        IntStream.concat(
                IntStream.of(directory.beginToken()), IntStream.of(model.encode(task.prompt())))
            .boxed()
            .toList();
    return new LlamaCppDriver(task, model, texts, prompt);
  }

  @Override
  public List<Integer> promptTokens() {
    return prompt;
  }

  @Override
  public List<Integer> decode(int tokens, DecodeClock clock) throws Exception {
    List<Future<List<String>>> sequences = new ArrayList<>();
    try (var callers = Executors.newFixedThreadPool(task.batch())) {
      for (int sequence = 0; sequence < task.batch(); sequence++) {
        int row = sequence;
        sequences.add(callers.submit(() -> decode(row, tokens, clock)));
      }
      for (Future<List<String>> sequence : sequences) {
        sequence.get();
      }
    }
    return texts.ids(sequences.getFirst().get());
  }

  private List<String> decode(int row, int tokens, DecodeClock clock) {
    InferenceParameters greedy =
        new InferenceParameters(task.prompt())
            .setNPredict(tokens + 1)
            .setIgnoreEos(true)
            .setCachePrompt(false)
            .setTopK(1)
            .setSamplers(Sampler.TOP_K);
    List<String> decoded = new ArrayList<>();
    for (LlamaOutput output : model.generate(greedy)) {
      // A last output beyond the tokens says only that the sequence is done; it must be taken.
      if (decoded.size() <= tokens) {
        decoded.add(output.text);
        clock.token(row, System.nanoTime());
      }
    }
    return decoded;
  }

  @Override
  public void close() {
    model.close();
  }
}
