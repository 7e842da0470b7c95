package tributary.model.generate;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.protocol.ErrorCode;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsFile;

/**
 * Compares a checkpoint's outputs with those in {@code expected.safetensors} beside it: {@code
 * input_ids} int64 [N, T], {@code logits} float32 [N, T, V], and {@code greedy} int64 [1, G], whose
 * first {@value #GREEDY_PROMPT} ids are a prompt and the others its greedy continuation.
 */
public final class Verification {
  /** What a correct float32 implementation stays within, on every logit. */
  public static final double ERROR_MAX = 2e-4;

  /** What an implementation stays within that holds activations in bf16. */
  public static final double ROUNDED_ERROR_MAX = 0.25;

  private static final int GREEDY_PROMPT = 8;
  private static final int PAGE_TOKENS = 16;
  private static final int TOKENS_MAX = 1 << 16;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * What came out.
   *
   * @param maxAbsError largest difference of any logit
   * @param errorMax what the backend has to stay within
   * @param greedyMatches true when the greedy continuation is the same
   */
  public record Result(double maxAbsError, double errorMax, boolean greedyMatches) {
    public boolean pass() {
      return maxAbsError <= errorMax && greedyMatches;
    }
  }

  private Verification() {}

  /** Loads the checkpoint in {@code directory} and runs it on the reference inputs. */
  public static Result run(Path directory, Backend backend) {
    try (BaseModel model = BaseModel.load(directory, backend)) {
      return run(directory, model, ResidentDelta.none(), errorMax(backend));
    }
  }

  /** Loads the adapter in {@code directory} over a base and runs it on the reference inputs. */
  public static Result run(Path directory, Path base, Backend backend) {
    try (BaseModel model = BaseModel.load(base, backend);
        ResidentDelta delta = ResidentDelta.load(directory, model)) {
      return run(directory, model, delta, errorMax(backend));
    }
  }

  private static double errorMax(Backend backend) {
    return backend.compiler().isPresent() ? ROUNDED_ERROR_MAX : ERROR_MAX;
  }

  private static Result run(Path directory, BaseModel model, ResidentDelta delta, double errorMax) {
    try (SafetensorsFile expected =
        SafetensorsFile.open(directory.resolve("expected.safetensors"))) {
      int[][] ids = ids(expected, "input_ids");
      int[] greedy = ids(expected, "greedy")[0];
      TensorView logits = tensor(expected, "logits", DType.F32);
      Shape wanted = Shape.of(ids.length, ids[0].length, model.config().vocabularySize());
      if (!logits.shape().equals(wanted)) {
        throw unfit("logits has shape %s; %s is wanted".formatted(logits.shape(), wanted));
      }
      if (greedy.length <= GREEDY_PROMPT) {
        throw unfit(
            "greedy has %d ids; more than %d are wanted".formatted(greedy.length, GREEDY_PROMPT));
      }
      return new Result(
          maxAbsError(model, delta, ids, logits), errorMax, greedyMatches(model, delta, greedy));
    }
  }

  private static double maxAbsError(
      BaseModel model, ResidentDelta delta, int[][] ids, TensorView logits) {
    int pages = Math.ceilDiv(ids[0].length, PAGE_TOKENS);
    List<StepBatch.Slice> slices = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      int firstPage = i * pages;
      int[] table = new int[pages];
      Arrays.setAll(table, page -> firstPage + page);
      slices.add(new StepBatch.Slice(delta, ids[i], 0, table, StepBatch.LogitRows.ALL));
    }
    double[] error = {0};
    try (ForwardPass pass = ForwardPass.create(model, pages * ids.length, PAGE_TOKENS)) {
      pass.run(
          new StepBatch(slices),
          (slice, row, found) -> {
            long first = ((long) slice * ids[0].length + row) * found.length;
            for (int i = 0; i < found.length; i++) {
              double difference = Math.abs(found[i] - logits.getFloat(first + i));
              error[0] = Double.isNaN(difference) ? difference : Math.max(error[0], difference);
            }
          });
    }
    return error[0];
  }

  private static boolean greedyMatches(BaseModel model, ResidentDelta delta, int[] greedy) {
    StopRule stop = new StopRule(greedy.length - GREEDY_PROMPT, 0, Set.of());
    Tokens prompt = Tokens.of(Arrays.copyOf(greedy, GREEDY_PROMPT));
    List<Integer> drawn = new ArrayList<>();
    OfflineGeneration.run(
        model,
        List.of(new OfflineGeneration.Prompt(delta, prompt, Sampling.GREEDY, stop)),
        (_, token) -> drawn.add(token.token()));
    return drawn.equals(Arrays.stream(greedy).skip(GREEDY_PROMPT).boxed().toList());
  }

  private static int[][] ids(SafetensorsFile file, String name) {
    TensorView tensor = tensor(file, name, DType.I64);
    Shape shape = tensor.shape();
    if (shape.rank() != 2 || shape.elements() < 1 || shape.elements() > TOKENS_MAX) {
      throw unfit(
          "%s has shape %s; two dimensions and 1 to %d ids are wanted"
              .formatted(name, shape, TOKENS_MAX));
    }
    int[][] ids = new int[(int) shape.dimension(0)][(int) shape.dimension(1)];
    for (int i = 0; i < shape.elements(); i++) {
      long id = tensor.data().getAtIndex(LONG, i);
      ids[i / ids[0].length][i % ids[0].length] = Math.toIntExact(id);
    }
    return ids;
  }

  private static TensorView tensor(SafetensorsFile file, String name, DType type) {
    TensorView tensor = file.tensor(name);
    if (tensor.type() != type) {
      throw unfit("%s is of type %s; %s is wanted".formatted(name, tensor.type(), type));
    }
    return tensor;
  }

  private static TributaryException unfit(String what) {
    return new TributaryException(ErrorCode.TENSOR_SHAPE, "expected.safetensors: " + what);
  }
}
