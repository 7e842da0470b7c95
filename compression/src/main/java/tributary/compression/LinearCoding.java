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
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.MatrixCode;

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
    void coded(LinearProblem problem, MatrixCode code);
  }

  private final Codec codec;
  private final LinearEncoder encoder;
  private final Models models;
  private final CalibrationRecords records;
  private final Arena arena;
  private final Sink sink;

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
  }

  /** The code of every linear layer that differs from the base's, by name. */
  Map<String, MatrixCode> run() {
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

  private Map<String, MatrixCode> plain() {
    Map<String, MatrixCode> codes = new LinkedHashMap<>();
    forEach((name, problem) -> {
      MatrixCode code = encoder.encode(problem, arena);
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

  private Map<String, MatrixCode> walked() {
    var walk =
        new SequentialWalk.Job(
            new SequentialWalk.Models(models.config, models.base, models.tuned, models.given),
            records.sequences(),
            inputs(),
            records.backend(),
            gemm());
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

  private Map<String, MatrixCode> bySensitivity(Codec.AnyPrecision any) {
    DenseModel tuned = DenseModel.load(models.config, models.tuned);
    Map<String, float[]> sensitivities =
        Sensitivity.of(tuned, models.linears.keySet(), records.completions(), gemm(), (_, _) -> {});
    AnyPrecisionEncoder encoder =
        new AnyPrecisionEncoder(any.bits(), Math.min(any.bits(), SEED_BITS));
    Map<String, MatrixCode> codes = new LinkedHashMap<>();
    forEach((name, problem) -> {
      // Raw squared gradients let single weights outvote a row.
      float[] sensitivity =
          Sensitivity.evened(Objects.requireNonNull(sensitivities.get(name)), problem.columns());
      MatrixCode code = encoder.encode(problem, sensitivity, arena);
      sink.coded(problem, code);
      codes.put(name, code);
    });
    return codes;
  }

  private Map<String, MatrixCode> distilled(
      Map<String, MatrixCode> codes, DistillationSettings settings) {
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
            new ScaleDistillation.Job(teacher, others, models.base, codes),
            completions,
            settings,
            gemm(),
            ScaleDistillation.Progress.SILENT)
        .codes();
  }
}
