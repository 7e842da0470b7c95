package tributary.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.model.network.Differences;
import tributary.model.peft.PeftAdapter;
import tributary.protocol.Bytes;
import tributary.protocol.TributaryException;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.format.DeltaTensor;

/** One tenant's whole difference to a base, in a backend's memory and ready to serve. */
public final class ResidentDelta implements AutoCloseable {
  /** What a difference consists of, unless it is empty. */
  private record Content(BaseModel base, Differences differences, Runnable release) {}

  private static final ResidentDelta NONE = new ResidentDelta(null);

  private final @Nullable Content content;

  private ResidentDelta(@Nullable Content content) {
    this.content = content;
  }

  /** Differences whose memory belongs to others. */
  ResidentDelta(BaseModel base, Differences differences) {
    this(new Content(base, differences, () -> {}));
  }

  /** The empty difference: serves the base itself. */
  public static ResidentDelta none() {
    return NONE;
  }

  /**
   * Opens, verifies and loads a delta file, or a LoRA adapter's directory; refuses one that was
   * taken from another base.
   *
   * @throws TributaryException {@code wrong_base}, {@code delta_checksum}, ...
   */
  public static ResidentDelta load(Path path, BaseModel base) {
    return load(path, base, Integer.MAX_VALUE);
  }

  /**
   * Loads no more of each matrix than its form at {@code widthMax}, for less memory; see {@link
   * #load(Path, BaseModel)}.
   *
   * @param widthMax at least 1
   */
  public static ResidentDelta load(Path path, BaseModel base, int widthMax) {
    requireWidth(widthMax);
    if (PeftAdapter.isAdapter(path)) {
      return adapter(path, base);
    }
    DeltaFile file = DeltaFile.open(path);
    try {
      OpenDelta.requireBase(path, file, base);
      file.verifyChecksums();
      Map<String, DeltaTensor> tensors = new LinkedHashMap<>(file.tensors());
      tensors.replaceAll((name, tensor) -> atMost(tensor, widthMax));
      Differences differences = Differences.load(base.network(), tensors, target(base));
      return new ResidentDelta(new Content(base, differences, file::close));
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** An adapter's directory names its base by a path only; shapes are what can be checked. */
  private static ResidentDelta adapter(Path path, BaseModel base) {
    PeftAdapter adapter = PeftAdapter.open(path, base.network(), base.tensors());
    try {
      var differences = Differences.load(base.network(), adapter.tensors(), target(base));
      return new ResidentDelta(new Content(base, differences, adapter::close));
    } catch (RuntimeException | Error e) {
      adapter.close();
      throw e;
    }
  }

  /** Loads differences whose memory the caller owns and keeps until this is closed. */
  public static ResidentDelta of(Map<String, DeltaTensor> tensors, BaseModel base) {
    Differences differences = Differences.load(base.network(), tensors, target(base));
    return new ResidentDelta(base, differences);
  }

  /**
   * Rows of the tenant's head: the base's vocabulary and what the tenant added. The empty
   * difference belongs to no base and has none: ask the base's configuration.
   */
  public int vocabularySize() {
    if (content == null) {
      throw new IllegalStateException(
          "the empty difference has no vocabulary of its own; ask the base's configuration");
    }
    return content.differences.rows(content.base.network().head());
  }

  /** The greatest width at which this can be served; 1 when its precision is fixed. */
  public int widths() {
    return content == null ? 1 : content.differences.widths();
  }

  /** The width at which it is served; the greatest, until told otherwise. */
  public int width() {
    return content == null ? 1 : content.differences.width();
  }

  /**
   * Brings what a width needs, so that setting it takes no time. May run beside a forward pass.
   *
   * @param width at least 1
   */
  public void prepare(int width) {
    requireWidth(width);
    if (content != null) {
      content.differences.prepare(width);
    }
  }

  /**
   * Serves this at another precision from the next forward pass on; nobody else is touched. A
   * matrix with fewer widths is served at its greatest. Must not be called while a forward pass
   * runs.
   *
   * @param width at least 1
   */
  public void setWidth(int width) {
    requireWidth(width);
    if (content != null) {
      content.differences.setWidth(width);
    }
  }

  public Bytes size() {
    return content == null ? Bytes.ZERO : content.differences.size();
  }

  /** Must not be called while a forward pass uses it. */
  @Override
  public void close() {
    if (content != null) {
      content.differences.close();
      content.release.run();
    }
  }

  /** Null when this is the empty difference. */
  @Nullable Differences differences() {
    return content == null ? null : content.differences;
  }

  private static Differences.Target target(BaseModel base) {
    return new Differences.Target(base.backend(), base.compiled());
  }

  /** True when this can be computed over {@code base}. */
  boolean fits(BaseModel base) {
    return content == null || content.base == base;
  }

  private static DeltaTensor atMost(DeltaTensor tensor, int width) {
    return switch (tensor) {
      case DeltaTensor.Coded coded -> coded.atMost(width);
      case DeltaTensor.Replaced _, DeltaTensor.Archived _ -> tensor;
    };
  }

  private static void requireWidth(int width) {
    if (width < 1) {
      throw new IllegalArgumentException("a delta has no width " + width + "; the least is 1");
    }
  }
}
