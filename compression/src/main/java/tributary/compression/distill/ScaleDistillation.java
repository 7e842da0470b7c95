package tributary.compression.distill;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import tributary.compression.distill.DistillationSettings.Parameters;
import tributary.gpu.Gemm;
import tributary.model.gradient.Completion;
import tributary.model.gradient.CompletionBatch;
import tributary.model.gradient.DenseModel;
import tributary.model.gradient.GradientPass;
import tributary.model.gradient.HeadDistances;
import tributary.model.gradient.LogitLoss;
import tributary.model.gradient.Matrix;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;

/**
 * Trains the scales of a compressed model towards its fine-tune's logits. Records that are held out
 * decide which step's scales are taken, as they will be stored, and whether any are: on them the
 * result is never worse than what was given. The same job, records and settings give the same
 * result.
 *
 * <p>Memory: the compressed model in fp32, the fine-tune as it was given, and a {@link
 * GradientPass} over a step's records; where the divergence of logits is distilled, the fine-tune's
 * for them. What the fine-tune's head reads of each record lies in a file.
 */
public final class ScaleDistillation {
  private static final float HALF_MIN_NORMAL = 0x1p-14f;

  /** How often the records that are held out are looked at. */
  private static final int LOOKS = 8;

  /**
   * What is distilled.
   *
   * @param teacher the fine-tune
   * @param others every parameter of the compressed model that is not coded: its embeddings, norms
   *     and biases, as the delta has them
   * @param base has the base's weights of the coded linears
   * @param codes of the differences, by the names of the weights
   * @param directory for a temporary file, of which nothing is left
   */
  public record Job(
      DenseModel teacher,
      Map<String, float[]> others,
      TensorSource base,
      Map<String, DeltaTensor.Coded> codes,
      Path directory) {}

  /** Is told how far the work is. */
  public interface Progress {
    /** Tells nobody. */
    Progress SILENT =
        new Progress() {
          @Override
          public void step(int done, int of, double loss) {}

          @Override
          public void heldOut(int step, double loss) {}
        };

    /** A step was done at this mean loss of its records. */
    void step(int done, int of, double loss);

    /** After so many steps the records that are held out lose this much. */
    void heldOut(int step, double loss);
  }

  /**
   * What came of it.
   *
   * @param codes all of the job's, with the scales that were best
   * @param lossBefore mean loss on the records that were held out, with the scales that were given
   * @param lossAfter the same with those of {@code codes}
   * @param step after which they were best; 0 when nothing was better than what was given
   */
  public record Outcome(
      Map<String, DeltaTensor.Coded> codes, double lossBefore, double lossAfter, int step) {}

  private final DistillationSettings settings;
  private final GradientPass teacher;
  private final TeacherStates states;
  private final Student student;
  private final Optional<HeadDistances> distances;
  private final List<Completion> training;
  private final List<Completion> heldOut;
  private final Progress progress;

  private ScaleDistillation(
      Student student,
      TeacherStates states,
      GradientPass teacher,
      List<Completion> records,
      DistillationSettings settings,
      Progress progress) {
    this.settings = settings;
    this.teacher = teacher;
    this.states = states;
    this.student = student;
    this.distances = student.distancesTo(teacher);
    this.progress = progress;
    List<Completion> shuffled =
        new ArrayList<>(records.stream().map(r -> r.cut(settings.recordTokens())).toList());
    Collections.shuffle(shuffled, new Random(settings.seed()));
    int held = (int) Math.max(1, Math.round(settings.heldOutShare() * shuffled.size()));
    this.heldOut = shuffled.subList(0, held);
    this.training = shuffled.subList(held, shuffled.size());
  }

  /**
   * Distils.
   *
   * @param records at least 2
   */
  public static Outcome run(
      Job job,
      List<Completion> records,
      DistillationSettings settings,
      Gemm gemm,
      Progress progress) {
    if (records.size() < 2) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "distillation has %d records; it needs one to learn from and one to be judged by"
              .formatted(records.size()));
    }
    Student student = new Student(job, gemm);
    GradientPass teacher = GradientPass.of(job.teacher(), gemm);
    try (var states = new TeacherStates(teacher, job.directory())) {
      return new ScaleDistillation(student, states, teacher, records, settings, progress).run();
    }
  }

  private Outcome run() {
    float[] start = student.startingScales();
    double[] parameters = new double[start.length];
    if (settings.parameters() == Parameters.SCALES) {
      IntStream.range(0, start.length).forEach(i -> parameters[i] = start[i]);
    }
    double before = heldOutLoss(start, 0);
    float[] best = start;
    double least = before;
    int bestStep = 0;
    Adam adam = new Adam(parameters.length, settings.rate(), settings.steps());
    RecordOrder order = new RecordOrder(training, settings);
    for (int step = 1; step <= settings.steps(); step++) {
      double loss = step(order.next(), start, parameters, adam);
      progress.step(step, settings.steps(), loss);
      if (isLook(step)) {
        float[] scales = stored(scales(start, parameters));
        double now = heldOutLoss(scales, step);
        if (now < least) {
          least = now;
          best = scales;
          bestStep = step;
        }
      }
    }
    return new Outcome(student.codes(best), before, least, bestStep);
  }

  private boolean isLook(int step) {
    int between = Math.max(1, settings.steps() / LOOKS);
    return step % between == 0 || step == settings.steps();
  }

  private double step(List<Completion> records, float[] start, double[] parameters, Adam adam) {
    float[] scales = scales(start, parameters);
    student.set(scales);
    double[] gradient = new double[scales.length];
    CompletionBatch together = CompletionBatch.of(records);
    int[] rows = rows(together);
    double loss = student.gradient(together.batch(), rows, loss(records, rows), gradient);
    if (settings.parameters() == Parameters.LOGARITHMS) {
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= scales[i];
      }
    }
    adam.move(parameters, gradient);
    return loss;
  }

  private float[] scales(float[] start, double[] parameters) {
    float[] scales = new float[start.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] =
          switch (settings.parameters()) {
            case SCALES -> (float) parameters[i];
            case LOGARITHMS -> (float) (start[i] * Math.exp(parameters[i]));
          };
    }
    return scales;
  }

  private double heldOutLoss(float[] scales, int step) {
    student.set(scales);
    double sum = 0;
    int count = 0;
    for (int from = 0; from < heldOut.size(); from += settings.batchRecords()) {
      int end = Math.min(heldOut.size(), from + settings.batchRecords());
      List<Completion> records = heldOut.subList(from, end);
      CompletionBatch together = CompletionBatch.of(records);
      int[] rows = rows(together);
      sum += rows.length * student.loss(together.batch(), rows, loss(records, rows));
      count += rows.length;
    }
    progress.heldOut(step, sum / count);
    return sum / count;
  }

  private int[] rows(CompletionBatch records) {
    return switch (settings.objective()) {
      case SQUARED_LOGITS -> IntStream.range(0, records.batch().rows()).toArray();
      case COMPLETION_DIVERGENCE -> records.rows();
    };
  }

  private LogitLoss loss(List<Completion> records, int[] rows) {
    Matrix wanted = states.of(records);
    return switch (settings.objective()) {
      case SQUARED_LOGITS ->
          distances
              .map(heads -> heads.to(wanted, rows))
              .orElseGet(() -> new LogitLoss.SquaredDistance(teacher.logits(wanted, rows)));
      case COMPLETION_DIVERGENCE -> new LogitLoss.Divergence(teacher.logits(wanted, rows));
    };
  }

  /** As files hold them: in two bytes, unless four are needed to be precise. */
  private static float[] stored(float[] scales) {
    float[] stored = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      float half = Float.float16ToFloat(Float.floatToFloat16(scales[i]));
      boolean precise = Math.abs(half) >= HALF_MIN_NORMAL && Float.isFinite(half);
      stored[i] = precise ? half : scales[i];
    }
    return stored;
  }
}
