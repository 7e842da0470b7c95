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
 * Runs llama.cpp through its Java binding, which holds llama.cpp's server: the sequences of a batch
 * are parallel slots, decoded together by continuous batching. The binding's requests cannot name
 * an adapter, so that each has a server of its own, which maps the same weights; they are asked one
 * after another.
 */
final class LlamaCppDriver implements Driver {
  private final Task task;
  private final List<LlamaModel> models;
  private final TokenTexts texts;
  private final List<Integer> prompt;
  private final List<Integer> baseTokens;

  private LlamaCppDriver(
      Task task,
      List<LlamaModel> models,
      TokenTexts texts,
      List<Integer> prompt,
      List<Integer> baseTokens) {
    this.task = task;
    this.models = models;
    this.texts = texts;
    this.prompt = prompt;
    this.baseTokens = baseTokens;
  }

  /** Runs a task in this JVM. */
  public static void main(String[] arguments) {
    Driver.serve(arguments, LlamaCppDriver::open);
  }

  private static LlamaCppDriver open(Task task) throws IOException {
    LlamaModel.setLogger(LogFormat.TEXT, (_, _) -> {});
    LlamaModel base = new LlamaModel(parameters(task));
    ModelDirectory directory = new ModelDirectory(task.model().directory());
    TokenTexts texts =
        new TokenTexts(directory.shape().vocabulary(), id -> base.decode(new int[] {id}));
    // The binding adds the begin token when it decodes, but does not show it.
    List<Integer> prompt =
        IntStream.concat(
                IntStream.of(directory.beginToken()), IntStream.of(base.encode(task.prompt())))
            .boxed()
            .toList();
    if (!(task.work() instanceof Work.LoraAdapters(int fineTunes, int tokens))) {
      return new LlamaCppDriver(task, List.of(base), texts, prompt, List.of());
    }
    List<LlamaModel> adapted =
        task.model().adapters().stream()
            .limit(fineTunes)
            .map(adapter -> parameters(task).addLoraAdapter(adapter.gguf().toString()))
            .map(LlamaModel::new)
            .toList();
    List<Integer> baseTokens = texts.ids(decode(task, base, 0, new TokenClock(1, tokens)));
    base.close();
    return new LlamaCppDriver(task, adapted, texts, prompt, baseTokens);
  }

  private static ModelParameters parameters(Task task) {
    Work work = task.work();
    int together = work instanceof Work.LoraAdapters ? 1 : work.sequences();
    // A byte-level prompt has at most a token a character of ASCII, and a begin token.
    int promptMost = task.prompt().length() + 1;
    return new ModelParameters()
        .setModel(task.model().gguf().toString())
        .setThreads(task.threads())
        .setThreadsBatch(task.threads())
        .setParallel(together)
        .enableContBatching()
        .disableContextShift()
        .setCtxSize(together * (promptMost + work.tokens() + 1))
        // A prompt is evaluated at once.
        .setBatchSize(together * promptMost)
        .setUbatchSize(together * promptMost)
        .setCacheTypeK(CacheType.F32)
        .setCacheTypeV(CacheType.F32)
        .setGpuLayers(0);
  }

  @Override
  public List<Integer> promptTokens() {
    return prompt;
  }

  @Override
  public List<Integer> baseTokens() {
    return baseTokens;
  }

  @Override
  public List<List<Integer>> run(TokenClock clock) throws Exception {
    List<List<String>> decoded = new ArrayList<>();
    if (task.work() instanceof Work.LoraAdapters) {
      for (int row = 0; row < models.size(); row++) {
        decoded.add(decode(task, models.get(row), row, clock));
      }
    } else {
      decoded.addAll(decodeSideBySide(models.getFirst(), clock));
    }
    return decoded.stream().map(texts::ids).toList();
  }

  private List<List<String>> decodeSideBySide(LlamaModel model, TokenClock clock)
      throws Exception {
    List<Future<List<String>>> sequences = new ArrayList<>();
    try (var callers = Executors.newFixedThreadPool(task.work().sequences())) {
      for (int sequence = 0; sequence < task.work().sequences(); sequence++) {
        int row = sequence;
        sequences.add(callers.submit(() -> decode(task, model, row, clock)));
      }
      List<List<String>> decoded = new ArrayList<>();
      for (Future<List<String>> sequence : sequences) {
        decoded.add(sequence.get());
      }
      return decoded;
    }
  }

  private static List<String> decode(Task task, LlamaModel model, int row, TokenClock clock) {
    int wanted = task.work().tokens() + 1;
    InferenceParameters greedy =
        new InferenceParameters(task.prompt())
            .setNPredict(wanted)
            .setIgnoreEos(true)
            .setCachePrompt(false)
            .setTopK(1)
            .setSamplers(Sampler.TOP_K);
    List<String> decoded = new ArrayList<>();
    clock.begin(row, System.nanoTime());
    for (LlamaOutput output : model.generate(greedy)) {
      // A last output beyond the tokens says only that the sequence is done; it must be taken.
      if (decoded.size() < wanted) {
        decoded.add(output.text);
        clock.token(row, System.nanoTime());
      }
    }
    return decoded;
  }

  @Override
  public void close() {
    models.forEach(LlamaModel::close);
  }
}
