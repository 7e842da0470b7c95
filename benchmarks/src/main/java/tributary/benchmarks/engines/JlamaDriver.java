package tributary.benchmarks.engines;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Runs Jlama: the loop of its own {@code generate}, with token ids in place of text and
 * without the stop at the end token.
 *
 * <p>Jlama's forward pass takes the rows of one sequence only, and its feed-forward blocks keep
 * results in fields, so that two callers of one model spoil each other's numbers. A batch is
 * therefore one caller a sequence over as many model objects as there are threads, which all map
 * the same weights and share Jlama's one pool; the callers of a model take turns at each token.
 * Where the prompt is not timed it goes in token by token, because Jlama's native kernels are wrong
 * for several rows of some shapes; where it is timed it goes in at once, as Jlama's own does.
 */
final class JlamaDriver implements Driver {
  private final List<Turns> models;
  private final Work work;
  private final int[] prompt;

  /** A model and whose turn it is. */
  private record Turns(AbstractModel model, ReentrantLock lock) {
    int first(int[] prompt, KvBufferCache.KvBuffer cache, AbstractTensor<?, ?> logits) {
      try (AbstractTensor<?, ?> rows = model.batchForward(prompt, 0, cache)) {
        return model.sample(rows.slice(rows.shape().first() - 1), 0, 0, logits);
      }
    }

    int next(int token, int position, KvBufferCache.KvBuffer cache, AbstractTensor<?, ?> logits) {
      lock.lock();
      try (AbstractTensor<?, ?> last = model.forward(token, position, cache, Optional.empty())) {
        return model.sample(last, 0, 0, logits);
      } finally {
        lock.unlock();
      }
    }
  }

  private JlamaDriver(List<Turns> models, Work work, int[] prompt) {
    this.models = models;
    this.work = work;
    this.prompt = prompt;
  }

  /** Runs a task in this JVM. */
  public static void main(String[] arguments) {
    Driver.serve(arguments, JlamaDriver::open);
  }

  private static JlamaDriver open(Task task) {
    List<Turns> models = new ArrayList<>();
    Optional<Integer> threads = Optional.of(task.threads());
    for (int i = 0; i < Math.min(task.work().sequences(), task.threads()); i++) {
      // With bf16 weights Jlama turns the 8-bit activations asked for here into bf16 ones.
      AbstractModel model =
          ModelSupport.loadModel(
              task.model().directory().toFile(), null, DType.F32, DType.I8, Optional.empty(),
              threads);
      models.add(new Turns(model, new ReentrantLock(true)));
      threads = Optional.empty(); // the size of the pool can be set once
    }
    AbstractModel model = models.getFirst().model();
    int[] prompt =
        LongStream.concat(
                LongStream.of(model.getConfig().bosToken),
                LongStream.of(model.getTokenizer().encode(task.prompt())))
            .mapToInt(Math::toIntExact)
            .toArray();
    return new JlamaDriver(models, task.work(), prompt);
  }

  @Override
  public List<Integer> promptTokens() {
    return IntStream.of(prompt).boxed().toList();
  }

  @Override
  public List<Integer> baseTokens() {
    return List.of();
  }

  @Override
  public List<List<Integer>> run(TokenClock clock) throws Exception {
    if (work instanceof Work.Prefill) {
      return List.of(List.of(prefill(clock)));
    }
    CyclicBarrier prompted = new CyclicBarrier(work.sequences());
    List<Future<List<Integer>>> sequences = new ArrayList<>();
    try (var callers = Executors.newFixedThreadPool(work.sequences())) {
      for (int sequence = 0; sequence < work.sequences(); sequence++) {
        int row = sequence;
        sequences.add(callers.submit(() -> decode(row, clock, prompted)));
      }
      List<List<Integer>> decoded = new ArrayList<>();
      for (Future<List<Integer>> sequence : sequences) {
        decoded.add(sequence.get());
      }
      return decoded;
    }
  }

  private int prefill(TokenClock clock) throws IOException {
    Turns turns = models.getFirst();
    AbstractModel model = turns.model();
    try (KvBufferCache caches = new KvBufferCache(model);
        KvBufferCache.KvBuffer cache = caches.getEphemeralKvBuffer();
        AbstractTensor<?, ?> logits = model.makeDenseTensor(model.getConfig().vocabularySize)) {
      clock.begin(0, System.nanoTime());
      int token = turns.first(prompt, cache, logits);
      clock.token(0, System.nanoTime());
      return token;
    }
  }

  private List<Integer> decode(int row, TokenClock clock, CyclicBarrier prompted)
      throws Exception {
    Turns turns = models.get(row % models.size());
    List<Integer> decoded = new ArrayList<>();
    AbstractModel model = turns.model();
    // The other kind of cache is a file a page, and of small models a page is one position.
    try (KvBufferCache caches = new KvBufferCache(model);
        KvBufferCache.KvBuffer cache = caches.getEphemeralKvBuffer();
        AbstractTensor<?, ?> logits = model.makeDenseTensor(model.getConfig().vocabularySize)) {
      int next = 0;
      clock.begin(row, System.nanoTime());
      for (int position = 0; position < prompt.length + work.tokens(); position++) {
        int token = position < prompt.length ? prompt[position] : next;
        next = turns.next(token, position, cache, logits);
        if (position == prompt.length - 1) {
          prompted.await();
        }
        if (position >= prompt.length - 1) {
          decoded.add(next);
          clock.token(row, System.nanoTime());
        }
      }
    }
    return decoded;
  }

  @Override
  public void close() {
    models.forEach(turns -> turns.model().close());
  }
}
