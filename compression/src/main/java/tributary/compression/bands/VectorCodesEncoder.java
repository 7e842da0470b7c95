package tributary.compression.bands;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.ToIntFunction;
import tributary.compression.LinearEncoder;
import tributary.compression.LinearProblem;
import tributary.compression.solver.StoredScale;
import tributary.gpu.Gemm;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.VectorCodes;

/** Codes layers as vector codes: neighbouring rows share an index into one codebook. */
public final class VectorCodesEncoder implements LinearEncoder {
  /** How hard codes are searched for. */
  public enum Search {
    /** As files deserve. */
    THOROUGH(new BandEncoder.Effort(new double[] {1, 0.9, 1.15}, 2, 2)),
    /** A fifth of the work, for what only has to tell how much is lost. */
    ROUGH(new BandEncoder.Effort(new double[] {1}, 0, 0));

    private final BandEncoder.Effort effort;

    Search(BandEncoder.Effort effort) {
      this.effort = effort;
    }
  }

  private final ToIntFunction<LinearProblem> vectorRows;
  private final Codebooks codebooks;
  private final Search search;
  private final Layers layers;

  /**
   * An encoder for 8 / {@code vectorRows} bits a weight; one is meant for all layers of a file,
   * which share its codebooks.
   *
   * @param vectorRows of a layer, 1 to {@link VectorCodes#ROWS_MAX}
   * @param damping see {@link tributary.compression.solver.Curvature}
   */
  public VectorCodesEncoder(
      ToIntFunction<LinearProblem> vectorRows,
      Codebooks codebooks,
      Search search,
      double damping,
      Gemm gemm) {
    this.vectorRows = vectorRows;
    this.codebooks = codebooks;
    this.search = search;
    this.layers = new Layers(damping, gemm);
  }

  @Override
  public DeltaTensor.Coded encode(LinearProblem problem, Arena arena) {
    int together = vectorRows.applyAsInt(problem);
    float[] codebook = codebooks.of(together);
    BandEncoder encoder = new BandEncoder(new VectorBands(together, codebook), layers.of(problem));
    BandEncoder.Coded coded = encoder.encode(search.effort);
    MemorySegment indices =
        arena.allocate(VectorCodes.indexBytes(problem.rows(), problem.columns(), together));
    float[] scales = new float[problem.rows()];
    for (int band = 0; band < coded.codes().length; band++) {
      MemorySegment.copy(
          MemorySegment.ofArray(coded.codes()[band]),
          0,
          indices,
          (long) band * problem.columns(),
          problem.columns());
    }
    for (int row = 0; row < scales.length; row++) {
      scales[row] = StoredScale.nearest(coded.coefficients()[row][0]);
    }
    VectorCodes code =
        new VectorCodes(problem.rows(), problem.columns(), together, indices, codebook, scales);
    return new DeltaTensor.Coded(code, coded.baseFactors(), null);
  }
}
