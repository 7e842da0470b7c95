package tributary.compression;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tributary.compression.bitdelta.Difference;
import tributary.compression.bitdelta.Encoded;
import tributary.compression.bitdelta.JointSignEncoder;
import tributary.compression.bitdelta.SignEncoder;
import tributary.compression.bitdelta.UniformEncoder;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.format.DeltaTensor;

/**
 * Compresses the difference between two checkpoints into a delta file. Tensors follow each other,
 * rows of a tensor are coded in parallel; memory holds the delta and a few rows per thread,
 * whatever the models' size. The same models and codec give the same bytes on every machine.
 */
public final class DeltaEncoder {
  /**
   * What to compress.
   *
   * @param base directory of the base
   * @param model directory of the fine-tune
   * @param name what the file calls the fine-tune
   */
  public record Job(Path base, Path model, String name, Codec codec, Path out) {}

  /** Is told after each tensor how far the work is. */
  public interface Progress {
    /** Elements of the fine-tune that are done, and all of them. */
    void advanced(long elementsDone, long elements);
  }

  /**
   * What was written.
   *
   * @param unchanged tensors that equal the base's and are not stored
   * @param relativeError of the coded matrices: root of squared error over squared difference
   */
  public record Summary(
      DeltaManifest manifest, Bytes fileSize, int stored, int unchanged, double relativeError) {
    /** How many times smaller the file is than the fine-tune. */
    public double ratio() {
      return (double) manifest.originalBytes() / fileSize.count();
    }
  }

  private final Codec codec;
  private final Arena arena;
  private final SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
  private double squaredNorm;
  private double squaredError;
  private int unchanged;

  private DeltaEncoder(Codec codec, Arena arena) {
    this.codec = codec;
    this.arena = arena;
  }

  /** Compresses and writes; what it leaves behind on failure is nothing. */
  public static Summary encode(Job job, Progress progress) {
    SameArchitecture.require(job.base(), job.model());
    try (Checkpoint base = Checkpoint.open(job.base());
        Checkpoint tuned = Checkpoint.open(job.model());
        Arena arena = Arena.ofShared()) {
      DeltaManifest manifest = manifest(job, base, tuned);
      DeltaEncoder encoder = new DeltaEncoder(job.codec(), arena);
      long done = 0;
      for (var change : new ModelPair(base, tuned).changes().entrySet()) {
        encoder.add(change.getKey(), change.getValue());
        if (tuned.names().contains(change.getKey())) {
          done += tuned.tensor(change.getKey()).shape().elements();
        }
        progress.advanced(done, manifest.originalElements());
      }
      DeltaFile.write(job.out(), manifest, encoder.tensors);
      return encoder.summary(manifest, job.out());
    }
  }

  private static DeltaManifest manifest(Job job, Checkpoint base, Checkpoint tuned) {
    long bytes = 0;
    long elements = 0;
    for (String name : tuned.names()) {
      TensorView tensor = tuned.tensor(name);
      bytes += tensor.data().byteSize();
      elements += tensor.shape().elements();
    }
    return new DeltaManifest(
        job.codec().name(),
        job.codec().settings(),
        Fingerprint.of(base),
        job.name(),
        bytes,
        elements);
  }

  private void add(String name, TensorChange change) {
    switch (change) {
      case TensorChange.Unchanged() -> unchanged++;
      case TensorChange.Exact(TensorView tuned) ->
          tensors.put(name, new DeltaTensor.Replaced(tuned));
      case TensorChange.Linear(TensorView base, TensorView tuned) ->
          put(name, linear(new Difference(base, tuned)), null);
      case TensorChange.Vocabulary(TensorView base, TensorView tuned, @Nullable TensorView added) ->
          put(name, vocabulary(new Difference(base, tuned)), added);
    }
  }

  private Encoded linear(Difference difference) {
    return switch (codec) {
      case Codec.BitDelta(int planes, Codec.Scales scales, Codec.Fit fit, _) ->
          switch (fit) {
            case GREEDY ->
                switch (scales) {
                  case SCALAR -> SignEncoder.perMatrix(difference, planes, arena);
                  case ROW -> SignEncoder.perRow(difference, planes, arena);
                };
            case JOINT ->
                switch (scales) {
                  case SCALAR -> JointSignEncoder.perMatrix(difference, planes, arena);
                  case ROW -> JointSignEncoder.perRow(difference, planes, arena);
                };
          };
    };
  }

  private Encoded vocabulary(Difference difference) {
    return switch (codec) {
      case Codec.BitDelta bitDelta ->
          UniformEncoder.encode(difference, bitDelta.embeddingBits(), arena);
    };
  }

  private void put(String name, Encoded encoded, @Nullable TensorView added) {
    if (!Double.isFinite(encoded.squaredError())) {
      throw new TributaryException(
          ErrorCode.INCOMPATIBLE_MODELS,
          "tensor %s: base or fine-tune holds values that are not finite"
              .formatted(Quoted.of(name)));
    }
    squaredNorm += encoded.squaredNorm();
    squaredError += encoded.squaredError();
    tensors.put(name, new DeltaTensor.Coded(encoded.planes(), null, widened(added)));
  }

  /** Added rows are stored in a type that every reader of deltas takes. */
  private @Nullable TensorView widened(@Nullable TensorView added) {
    return added == null || added.type() != DType.F64
        ? added
        : TensorView.of(added.shape(), added.toFloats());
  }

  private Summary summary(DeltaManifest manifest, Path out) {
    try (DeltaFile file = DeltaFile.open(out)) {
      double relativeError = squaredNorm == 0 ? 0 : Math.sqrt(squaredError / squaredNorm);
      return new Summary(manifest, file.size(), tensors.size(), unchanged, relativeError);
    }
  }
}
