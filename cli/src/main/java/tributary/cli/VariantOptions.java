package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Which variant an offline command computes: a base, a base with a delta, or a whole fine-tune. */
final class VariantOptions {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "DIR",
      description = "Hugging Face directory of the base.")
  private Path base = Path.of("");

  @ArgGroup private @Nullable Tuned tuned;

  @Option(
      names = "--width",
      paramLabel = "K",
      description = "Planes of the delta to use where a matrix has more (default: all).")
  private int width = Integer.MAX_VALUE;

  @Mixin private BackendOptions backend = new BackendOptions();

  /** The base alone when neither is given. */
  private static final class Tuned {
    @Option(
        names = "--delta",
        paramLabel = "FILE",
        description = "Delta file, or directory of a LoRA adapter, to apply to the base.")
    private @Nullable Path delta;

    @Option(
        names = "--model",
        paramLabel = "DIR",
        description = "Uncompressed fine-tune to use instead of the base.")
    private List<Path> models = new ArrayList<>();
  }

  /** An opened variant; closes what it opened. */
  record Opened(Path directory, Backend backend, BaseModel model, ResidentDelta delta)
      implements AutoCloseable {
    @Override
    public void close() {
      delta.close();
      model.close();
      backend.close();
    }
  }

  Path base() {
    return base;
  }

  /** Fine-tunes that are named, which is several where variants are compared. */
  List<Path> models() {
    return tuned == null ? List.of() : tuned.models;
  }

  /** Opens what variants are compressed and compared with; the caller closes it. */
  Backend openBackend() {
    return backend.openForKernels();
  }

  Opened open() {
    if (width < 1) {
      throw TributaryException.parameter("width", width, 1, Integer.MAX_VALUE);
    }
    if (width != Integer.MAX_VALUE && (tuned == null || tuned.delta == null)) {
      throw new TributaryException(
          ErrorCode.USAGE, "only a delta has planes; give one with --delta");
    }
    if (models().size() > 1) {
      throw new TributaryException(
          ErrorCode.USAGE, "one fine-tune can be computed at a time; give --model once");
    }
    Path directory = models().isEmpty() ? base : models().getFirst();
    Backend opened = backend.open();
    try {
      BaseModel model = BaseModel.load(directory, opened);
      try {
        return new Opened(directory, opened, model, delta(model));
      } catch (RuntimeException e) {
        model.close();
        throw e;
      }
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private ResidentDelta delta(BaseModel model) {
    return tuned != null && tuned.delta != null
        ? ResidentDelta.load(tuned.delta, model, width)
        : ResidentDelta.none();
  }
}
