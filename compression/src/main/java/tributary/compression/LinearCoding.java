package tributary.compression;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import tributary.compression.anyprecision.AnyPrecisionEncoder;
import tributary.compression.anyprecision.Sensitivity;
import tributary.compression.calibration.SequentialWalk;
import tributary.compression.distill.DistillationSettings;
import tributary.compression.distill.ScaleDistillation;
import tributary.gpu.Gemm;
import tributary.model.ModelConfig;
import tributary.model.gradient.Completion;
import tributary.model.gradient.DenseModel;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;

/** Codes all linear layers of a fine-tune with a codec that looks at records. */
final class LinearCoding {
  private static final long SEED = 1;

  /** Widths above this cost large tables; below it every width is good. */
  private static final int SEED_BITS = 3;

  /**
   * The models.
   *
   * @param config of the fine-tune
   * @param given tensors of the compressed model that were coded before, decoded
   * @param linears those to code, in order of names
   */
  record Models(
      ModelConfig config,
      TensorSource base,
      TensorSource tuned,
      Map<String, TensorView> given,
      SequencedMap<String, TensorChange.Linear> linears) {}

  /** Is told of every code; a code may be replaced by a later one of the same layer. */
  interface Sink {
    void coded(LinearProblem problem, DeltaTensor.Coded code);
  }

  private final Codec codec;
  private final LinearEncoder encoder;
  private final Models models;
  private final CalibrationRecords records;
  private final Arena arena;
  private final Sink sink;
  private final Map<String, DeltaTensor.Coded> found;

  /**
   * Coding by a codec.
   *
   * @param encoder of single layers; codecs that look at gradients have none
   */
  LinearCoding(
      Codec codec,
      LinearEncoder encoder,
      Models models,
      CalibrationRecords records,
      Arena arena,
      Sink sink) {
    this.codec = codec;
    this.encoder = encoder;
    this.models = models;
    this.records = records;
    this.arena = arena;
    this.sink = sink;
    this.found = Map.of();
  }

  private LinearCoding(LinearCoding as, Map<String, DeltaTensor.Coded> found) {
    this.codec = as.codec;
    this.encoder = as.encoder;
    this.models = as.models;
    this.records = as.records;
    this.arena = as.arena;
    this.sink = as.sink;
    this.found = Map.copyOf(found);
  }

  /** The code of every linear layer that differs from the base's, by name. */
  Map<String, DeltaTensor.Coded> run() {
    return switch (codec) {
      case Codec.AnyPrecision anyPrecision -> bySensitivity(anyPrecision);
      case Codec.BitDelta(_, _, _, Codec.Refine refine, _) when refine == Codec.Refine.DISTILL ->
          distilled(plain(), DistillationSettings.published(SEED));
      case Codec.SignPlanes(_, boolean distill, _) when distill ->
          distilled(walked(), DistillationSettings.ofCompletions(SEED));
      case Codec.VectorCodes(_, boolean distill, _) when distill ->
          distilled(walked(), DistillationSettings.ofCompletions(SEED));
      case Codec.Auto(_, boolean distill, _) when distill ->
          distilled(walked(), DistillationSettings.ofCompletions(SEED));
      case Codec.BitDelta _,
          Codec.DeltaZip _,
          Codec.Spqr _,
          Codec.SignPlanes _,
          Codec.VectorCodes _,
          Codec.Auto _ ->
          walked();
      case Codec.Lossless _ -> throw new AssertionError("archives have no linear codes");
    };
  }

  private Gemm gemm() {
    return records.backend().gemm();
  }

  private Map<String, DeltaTensor.Coded> plain() {
    Map<String, DeltaTensor.Coded> codes = new LinkedHashMap<>();
    forEach((name, problem) -> {
      DeltaTensor.Coded code = encoder.encode(problem, arena);
      sink.coded(problem, code);
      codes.put(name, code);
    });
    return codes;
  }

  private interface Work {
    void on(String name, LinearProblem problem);
  }

  private void forEach(Work work) {
    models.linears.forEach((name, linear) -> work.on(name, linear.problem(name)));
  }

  /** Goes on with codes that were found before. */
  LinearCoding from(Map<String, DeltaTensor.Coded> codes) {
    return new LinearCoding(this, codes);
  }

  private Map<String, DeltaTensor.Coded> walked() {
    if (!found.isEmpty()) {
      forEach((name, problem) -> sink.coded(problem, Objects.requireNonNull(found.get(name))));
      return found;
    }
    var walk =
        new SequentialWalk.Job(
            new SequentialWalk.Models(models.config, models.base, models.tuned, models.given),
            records.sequences(),
            inputs(),
            records.backend(),
            records.directory());
    return SequentialWalk.run(
        walk, encoder, arena, (problem, code, _, _) -> sink.coded(problem, code));
  }

  /** Only our own codes aim at what the fine-tune's inputs would have given. */
  private SequentialWalk.Inputs inputs() {
    return switch (codec) {
      case Codec.SignPlanes _, Codec.VectorCodes _, Codec.Auto _ -> SequentialWalk.Inputs.BOTH;
      case Codec.BitDelta _,
          Codec.DeltaZip _,
          Codec.Spqr _,
          Codec.AnyPrecision _,
          Codec.Lossless _ ->
          SequentialWalk.Inputs.COMPRESSED;
    };
  }

  private Map<String, DeltaTensor.Coded> bySensitivity(Codec.AnyPrecision any) {
    // Refuses weights that are not finite before any gradient is spoiled by them.
    forEach((_, _) -> {});
    DenseModel tuned = DenseModel.load(models.config, models.tuned);
    Map<String, float[]> sensitivities =
        Sensitivity.of(
            tuned, models.linears.keySet(), records.bounded().completions(), gemm(), (_, _) -> {});
    AnyPrecisionEncoder encoder =
        new AnyPrecisionEncoder(any.bits(), Math.min(any.bits(), SEED_BITS));
    Map<String, DeltaTensor.Coded> codes = new LinkedHashMap<>();
    forEach((name, problem) -> {
      float[] squares = Objects.requireNonNull(sensitivities.get(name));
      requireFinite(name, squares);
      // Raw squared gradients let single weights outvote a row.
      float[] sensitivity = Sensitivity.evened(squares, problem.columns());
      DeltaTensor.Coded code = DeltaTensor.Coded.of(encoder.encode(problem, sensitivity, arena));
      sink.coded(problem, code);
      codes.put(name, code);
    });
    return codes;
  }

  private static void requireFinite(String name, float[] squaredGradients) {
    for (float square : squaredGradients) {
      if (!Float.isFinite(square)) {
        throw new TributaryException(
            ErrorCode.INCOMPATIBLE_MODELS,
            ("tensor %s: its gradients on the calibration records are not finite; the fine-tune"
                    + " computes nothing useful on them")
                .formatted(Quoted.of(name)));
      }
    }
  }

  private Map<String, DeltaTensor.Coded> distilled(
      Map<String, DeltaTensor.Coded> codes, DistillationSettings settings) {
    Map<String, float[]> others = new HashMap<>();
    for (String name : models.tuned.names()) {
      if (!codes.containsKey(name)) {
        TensorView given = models.given.getOrDefault(name, models.tuned.tensor(name));
        others.put(name, given.toFloats());
      }
    }
    DenseModel teacher = DenseModel.load(models.config, models.tuned);
    List<Completion> completions = records.completions();
    return ScaleDistillation.run(
            new ScaleDistillation.Job(teacher, others, models.base, codes, records.directory()),
            completions,
            settings,
            gemm(),
            ScaleDistillation.Progress.SILENT)
        .codes();
  }
}
