package tributary.compression.calibration;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tributary.compression.LinearEncoder;
import tributary.compression.LinearProblem;
import tributary.gpu.Activations;
import tributary.gpu.Backend;
import tributary.gpu.KvShape;
import tributary.model.Families;
import tributary.model.ForwardPass;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.model.network.Projection;
import tributary.model.network.Stage;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;

/**
 * Compresses the linear layers of a fine-tune in the order of the network, each for the inputs that
 * it has in the model compressed so far.
 *
 * <p>Stage by stage: all calibration sequences are brought to the stage, the statistics of its
 * input are taken, its linear layers are coded, and from then on base plus decoded difference
 * stands in their place. Every matrix is computed with once. Memory holds one chunk's activations,
 * one stage's statistics and dense weights; what each token has come to lies in a temporary file.
 */
public final class SequentialWalk {
  /**
   * What to compress.
   *
   * @param config of the fine-tune
   * @param given tensors of the compressed model that are neither the fine-tune's nor coded by this
   *     walk, such as embeddings that were coded before; all others are the fine-tune's
   */
  public record Models(
      ModelConfig config, TensorSource base, TensorSource tuned, Map<String, TensorView> given) {
    public Models {
      given = Map.copyOf(given);
    }
  }

  /** Whose inputs the statistics describe. */
  public enum Inputs {
    /** Those of the model compressed so far. */
    COMPRESSED,
    /** Those, and their products with the fine-tune's, which costs a second forward pass. */
    BOTH
  }

  /**
   * All that a walk needs.
   *
   * @param directory for temporary files, of which none is left
   */
  public record Job(
      Models models, CalibrationSet set, Inputs inputs, Backend backend, Path directory) {}

  /** Is told of each linear layer as soon as it is coded. */
  @FunctionalInterface
  public interface Progress {
    /** Linear layers that are done, of all that differ from the base. */
    void coded(LinearProblem problem, DeltaTensor.Coded code, int done, int of);
  }

  private final Job job;
  private final Network network;
  private final LinearEncoder encoder;
  private final Arena arena;
  private final Progress progress;
  private final List<List<Projection>> changed;
  private final int linears;
  private final SequencedMap<String, DeltaTensor.Coded> codes = new LinkedHashMap<>();

  private SequentialWalk(
      Job job, Network network, LinearEncoder encoder, Arena arena, Progress progress) {
    this.job = job;
    this.network = network;
    this.encoder = encoder;
    this.arena = arena;
    this.progress = progress;
    this.changed = network.stages().stream().map(this::changed).toList();
    this.linears = changed.stream().mapToInt(List::size).sum();
  }

  /**
   * Codes every linear layer whose weights differ from the base's.
   *
   * @param arena owns the memory of the codes
   * @return the code of each, in the order of the network
   */
  public static SequencedMap<String, DeltaTensor.Coded> run(
      Job job, LinearEncoder encoder, Arena arena, Progress progress) {
    Network network = Families.network(job.models.config);
    SequentialWalk walk = new SequentialWalk(job, network, encoder, arena, progress);
    return walk.linears == 0 ? walk.codes : walk.run();
  }

  private SequencedMap<String, DeltaTensor.Coded> run() {
    Models models = job.models;
    List<Chunk> chunks = Chunk.of(job.set);
    int pages = chunks.stream().mapToInt(Chunk::pages).max().orElseThrow();
    KvShape cache = ForwardPass.kvShape(models.config, pages, Chunk.PAGE_TOKENS);
    TensorSource compressed = new Exchanged(models.tuned, models.given);
    try (Passage.Room room = Passage.Room.of(job.backend, cache, job.directory);
        Passage student = Passage.open(network, compressed, room, chunks);
        @Nullable Passage teacher =
            switch (job.inputs) {
              case COMPRESSED -> null;
              case BOTH -> Passage.open(network, models.tuned, room, chunks);
            }) {
      List<Projection> replaced = List.of();
      for (int stage = 0; stage <= lastChanged(); stage++) {
        InputStatistics inputs = advance(chunks, student, teacher, stage);
        replaced.forEach(projection -> restore(student, projection.weight()));
        replaced = changed.get(stage);
        if (inputs != null) {
          requireFinite(inputs, replaced.getFirst());
          replaced.forEach(projection -> code(student, projection.weight(), inputs));
        }
      }
    }
    return codes;
  }

  /** The last stage with something to code, if there is one. */
  private int lastChanged() {
    int last = changed.size() - 1;
    while (last >= 0 && changed.get(last).isEmpty()) {
      last--;
    }
    return last;
  }

  /** Brings all chunks to a stage; the statistics of its input, unless nobody needs them. */
  private @Nullable InputStatistics advance(
      List<Chunk> chunks, Passage student, @Nullable Passage teacher, int stage) {
    GramSum sum =
        changed.get(stage).isEmpty()
            ? null
            : new GramSum(
                changed.get(stage).getFirst().weight().columns(),
                teacher != null,
                job.backend.gemm());
    for (Chunk chunk : chunks) {
      Activations y = student.advance(chunk, stage);
      if (sum != null) {
        sum.addStudent(y);
      }
      Activations x = teacher == null ? null : teacher.advance(chunk, stage);
      if (sum != null && x != null) {
        sum.addTeacher(x);
      }
    }
    return sum == null ? null : sum.statistics();
  }

  private void code(Passage student, Parameter.Matrix matrix, InputStatistics inputs) {
    float[] base = floats(job.models.base, matrix);
    float[] tuned = floats(job.models.tuned, matrix);
    LinearProblem problem =
        new LinearProblem(matrix.name(), matrix.rows(), matrix.columns(), base, tuned, inputs);
    requireFinite(problem);
    DeltaTensor.Coded code = encoder.encode(problem, arena);
    TensorView dense = TensorView.of(matrix.shape(), reconstructed(problem, code));
    student.weights().replace(matrix, job.backend.matrix(dense));
    codes.put(matrix.name(), code);
    progress.coded(problem, code, codes.size(), linears);
  }

  /** Base plus decoded difference. */
  private static float[] reconstructed(LinearProblem problem, DeltaTensor.Coded code) {
    int columns = problem.columns();
    float[] weights = problem.base().clone();
    IntStream.range(0, problem.rows())
        .parallel()
        .forEach(row -> {
          float[] difference = new float[columns];
          problem.readDifference(code, row, difference);
          for (int column = 0; column < columns; column++) {
            weights[row * columns + column] += difference[column];
          }
        });
    return weights;
  }

  /** Frees the dense weights of a matrix that the student is done with. */
  private void restore(Passage student, Parameter.Matrix matrix) {
    student.weights().replace(matrix, job.backend.matrix(job.models.tuned.tensor(matrix.name())));
  }

  /** The projections of a stage that the fine-tune changed. */
  private List<Projection> changed(Stage stage) {
    List<Projection> changed = new ArrayList<>();
    for (Projection projection : stage.projections()) {
      float[] base = floats(job.models.base, projection.weight());
      if (!Arrays.equals(base, floats(job.models.tuned, projection.weight()))) {
        changed.add(projection);
      }
    }
    return changed;
  }

  private static float[] floats(TensorSource source, Parameter.Matrix matrix) {
    TensorView tensor = source.tensor(matrix.name());
    if (!tensor.shape().equals(matrix.shape())) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          "tensor %s: it is %s in one of the models, the fine-tune's config.json asks for %s;"
                  .formatted(Quoted.of(matrix.name()), tensor.shape(), matrix.shape())
              + " compress a fine-tune against the base it was made of");
    }
    return tensor.toFloats();
  }

  private static void requireFinite(LinearProblem problem) {
    for (float value : problem.difference()) {
      if (!Float.isFinite(value)) {
        throw new TributaryException(
            ErrorCode.INCOMPATIBLE_MODELS,
            "tensor %s: base or fine-tune holds values that are not finite"
                .formatted(Quoted.of(problem.name())));
      }
    }
  }

  private static void requireFinite(InputStatistics inputs, Projection reader) {
    boolean finite = Arrays.stream(inputs.gram()).allMatch(Double::isFinite);
    double[] cross = inputs.cross();
    if (!finite || (cross != null && !Arrays.stream(cross).allMatch(Double::isFinite))) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          ("tensor %s: its inputs on the calibration records are not finite; the fine-tune computes"
                  + " nothing useful on them")
              .formatted(Quoted.of(reader.weight().name())));
    }
  }

  /** The fine-tune with some tensors exchanged; whoever opened it closes it. */
  private record Exchanged(TensorSource tuned, Map<String, TensorView> given)
      implements TensorSource {
    @Override
    public SortedSet<String> names() {
      SortedSet<String> names = new TreeSet<>(tuned.names());
      names.addAll(given.keySet());
      return names;
    }

    @Override
    public TensorView tensor(String name) {
      TensorView exchanged = given.get(name);
      return exchanged == null ? tuned.tensor(name) : exchanged;
    }

    @Override
    public void close() {}
  }
}
