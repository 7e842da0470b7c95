package tributary.compression;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;
import tributary.compression.bitdelta.Difference;
import tributary.compression.bitdelta.UniformEncoder;
import tributary.gpu.Backend;
import tributary.model.ModelConfig;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;
import tributary.tensor.container.Frames;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.TunedMatrix;

/**
 * Compresses the difference between two checkpoints into a delta file. Embeddings and vectors come
 * first, so that linear layers are calibrated behind the embeddings that they will have. The same
 * models, codec and records give the same bytes on every machine.
 */
public final class DeltaEncoder {
  /**
   * What to compress.
   *
   * @param base directory of the base
   * @param model directory of the fine-tune
   * @param name what the file calls the fine-tune
   * @param calibration needed if the codec is calibrated
   */
  public record Job(
      Path base,
      Path model,
      String name,
      Codec codec,
      Path out,
      Optional<Calibration> calibration) {
    /** A job for a codec that looks at weights only. */
    public Job(Path base, Path model, String name, Codec codec, Path out) {
      this(base, model, name, codec, out, Optional.empty());
    }
  }

  /**
   * What calibrated codecs look at.
   *
   * @param records a file of records or text
   * @param samples how many of them
   * @param tokens of all of them; those past it are cut off, which bounds time and memory
   * @param backend that computes them
   * @param layers directory where finished layers are kept and found again after an interruption;
   *     null to keep none
   */
  public record Calibration(
      Path records, int samples, long tokens, Backend backend, @Nullable Path layers) {
    /** Enough for a few thousand inputs of a layer. */
    public static final long USUAL_TOKENS = 1 << 15;

    /** Calibration that is done in one go. */
    public Calibration(Path records, int samples, long tokens, Backend backend) {
      this(records, samples, tokens, backend, null);
    }
  }

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
   * @param reasons for people: why each part has its size, where the codec chose sizes
   */
  public record Summary(
      DeltaManifest manifest,
      Bytes fileSize,
      int stored,
      int unchanged,
      double relativeError,
      List<String> reasons) {
    public Summary {
      reasons = List.copyOf(reasons);
    }

    /** How many times smaller the file is than the fine-tune. */
    public double ratio() {
      return (double) manifest.originalBytes() / fileSize.count();
    }
  }

  private final Job job;
  private final Checkpoint base;
  private final Checkpoint tuned;
  private final Arena arena;
  private final Progress progress;
  private final DeltaManifest manifest;
  private final TensorRoles roles;
  private final Map<String, DeltaTensor> tensors = new HashMap<>();
  private final CodingError error = new CodingError();
  private final List<String> reasons = new ArrayList<>();
  private int unchanged;
  private long done;

  private DeltaEncoder(Job job, Checkpoint base, Checkpoint tuned, Arena arena, Progress progress) {
    this.job = job;
    this.base = base;
    this.tuned = tuned;
    this.arena = arena;
    this.progress = progress;
    this.manifest = manifest(job, base, tuned);
    this.roles = TensorRoles.of(job.model);
  }

  /** Compresses and writes; what it leaves behind on failure is nothing. */
  public static Summary encode(Job job, Progress progress) {
    SameArchitecture.require(job.base(), job.model());
    if (job.codec instanceof Codec.Lossless) {
      var over = new Archive.Over(job.base, Optional.empty());
      return Archive.encode(over, job.model, job.name, job.out, progress);
    }
    if (job.codec.isCalibrated() && job.calibration.isEmpty()) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "codec %s looks at records; name a file of them with --calibration"
              .formatted(job.codec.name()));
    }
    try (Checkpoint base = Checkpoint.open(job.base());
        Checkpoint tuned = Checkpoint.open(job.model());
        Arena arena = Arena.ofShared()) {
      return new DeltaEncoder(job, base, tuned, arena, progress).encode();
    }
  }

  private Summary encode() {
    SequencedMap<String, TensorChange> changes = new ModelPair(base, tuned, roles).changes();
    SequencedMap<String, TensorChange.Vocabulary> vocabulary = new LinkedHashMap<>();
    SequencedMap<String, TensorChange.Linear> linears = new LinkedHashMap<>();
    changes.forEach((name, change) -> {
      switch (change) {
        case TensorChange.Linear linear -> linears.put(name, linear);
        case TensorChange.Vocabulary grown -> vocabulary.put(name, grown);
        case TensorChange.Unchanged() -> {
          unchanged++;
          advance(name);
        }
        case TensorChange.Exact(TensorView exact) -> {
          tensors.put(name, new DeltaTensor.Replaced(exact));
          advance(name);
        }
      }
    });
    if (job.codec.isCalibrated()) {
      calibrated(vocabulary, linears, changes.sequencedKeySet());
    } else {
      int bits = job.codec.storage().embeddingBits();
      vocabulary.forEach((name, change) -> vocabulary(name, change, bits));
      LinearEncoder encoder = LinearEncoders.plain(job.codec);
      linears.forEach((name, linear) -> {
        LinearProblem problem = linear.problem(name);
        coded(problem, encoder.encode(problem, arena));
      });
      write(changes.sequencedKeySet());
    }
    return summary();
  }

  private void write(SequencedSet<String> order) {
    SequencedMap<String, DeltaTensor> ordered = new LinkedHashMap<>();
    order.stream()
        .filter(tensors::containsKey)
        .forEach(name -> ordered.put(name, tensors.get(name)));
    Frames frames = job.codec.storage().zstd() ? Frames.ZSTD : Frames.NONE;
    DeltaFile.write(job.out, manifest, ordered, frames);
  }

  private void calibrated(
      SequencedMap<String, TensorChange.Vocabulary> vocabulary,
      SequencedMap<String, TensorChange.Linear> linears,
      SequencedSet<String> order) {
    ModelConfig config = ModelConfig.read(job.model);
    var records = CalibrationRecords.read(job, config);
    Map<String, TensorView> given = new HashMap<>();
    var models = new LinearCoding.Models(config, base, tuned, given, linears);
    LinearEncoder encoder;
    Map<String, DeltaTensor.Coded> found = Map.of();
    if (job.codec instanceof Codec.Auto auto) {
      long exact =
          tensors.values().stream()
              .mapToLong(tensor ->
                  tensor instanceof DeltaTensor.Replaced(var value) ? value.data().byteSize() : 0)
              .sum();
      var extent = new AutoPlanner.Extent(manifest.originalElements(), exact);
      AutoPlanner planner = new AutoPlanner(models, vocabulary, records, extent, arena);
      AutoPlan plan = planner.plan(auto.goal());
      reasons.addAll(plan.reasons());
      vocabulary.forEach((name, change) ->
          given.put(
              name,
              vocabulary(name, change, Objects.requireNonNull(plan.vocabularyBits().get(name)))));
      encoder = planner.encoder(plan);
      found = plan.coded();
    } else {
      int bits = job.codec.storage().embeddingBits();
      vocabulary.forEach((name, change) -> given.put(name, vocabulary(name, change, bits)));
      encoder = LinearEncoders.calibrated(job.codec, records.backend().gemm());
    }
    Path layers = job.calibration.orElseThrow().layers();
    if (layers == null) {
      linears(encoder, models, records, found);
      write(order);
      return;
    }
    try (var finished = FinishedLayers.in(layers, manifest, tuned, job.calibration.orElseThrow())) {
      linears(finished.remembering(encoder), models, records, found);
      write(order);
      finished.delete();
    }
  }

  private void linears(
      LinearEncoder encoder,
      LinearCoding.Models models,
      CalibrationRecords records,
      Map<String, DeltaTensor.Coded> found) {
    new LinearCoding(job.codec, encoder, models, records, arena, this::coded)
        .from(found)
        .run()
        .forEach(tensors::put);
  }

  private void coded(LinearProblem problem, DeltaTensor.Coded code) {
    error.add(problem, code);
    tensors.put(problem.name(), code);
    advance(problem.name());
  }

  /** Codes embeddings or a head; returns them decoded if anything will be calibrated with them. */
  private TensorView vocabulary(String name, TensorChange.Vocabulary change, int bits) {
    if (bits == Codec.EXACT_BITS) {
      TensorView exact = widened(tunedVocabulary(name));
      tensors.put(name, new DeltaTensor.Replaced(exact));
      advance(name);
      return exact;
    }
    Difference difference = new Difference(change.base(), change.tuned());
    MatrixCode code = UniformEncoder.encode(difference, bits, arena).planes();
    float[] exact = change.tuned().toFloats();
    float[] before = change.base().toFloats();
    for (int i = 0; i < exact.length; i++) {
      exact[i] -= before[i];
    }
    TensorChange.requireFinite(name, exact);
    error.add(exact, code);
    TensorView added = change.added() == null ? null : widened(change.added());
    DeltaTensor.Coded coded = new DeltaTensor.Coded(code, null, added);
    tensors.put(name, coded);
    advance(name);
    return job.codec.isCalibrated()
        ? TunedMatrix.of(change.base(), coded).toDense(arena)
        : change.tuned();
  }

  /** A fine-tune without a head answers through its embeddings. */
  private TensorView tunedVocabulary(String name) {
    return tuned.tensor(tuned.names().contains(name) ? name : roles.embeddings());
  }

  /** Exact values are stored in a type that every reader of deltas takes. */
  private static TensorView widened(TensorView exact) {
    return exact.type() == DType.F64 ? TensorView.of(exact.shape(), exact.toFloats()) : exact;
  }

  private void advance(String name) {
    if (tuned.names().contains(name)) {
      done += tuned.tensor(name).shape().elements();
    }
    progress.advanced(done, manifest.originalElements());
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

  private Summary summary() {
    try (DeltaFile file = DeltaFile.open(job.out)) {
      return new Summary(
          manifest, file.size(), tensors.size(), unchanged, error.relative(), reasons);
    }
  }
}
