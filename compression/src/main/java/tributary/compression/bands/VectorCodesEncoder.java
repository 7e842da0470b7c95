package tributary.compression.bands;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import tributary.compression.LinearEncoder;
import tributary.compression.LinearProblem;
import tributary.compression.solver.StoredScale;
import tributary.gpu.Gemm;
import tributary.tensor.format.VectorCodes;

/** Codes a layer as vector codes: neighbouring rows share an index into one codebook. */
public final class VectorCodesEncoder implements LinearEncoder {
  private static final BandEncoder.Effort EFFORT =
      new BandEncoder.Effort(new double[] {1, 0.9, 1.15}, 2, 2);

  private final int vectorRows;
  private final Layers layers;
  private final float[] codebook;

  /**
   * An encoder for 8 / {@code vectorRows} bits a weight; one is meant for all layers of a file,
   * which share its codebook.
   *
   * @param vectorRows 1 to {@link VectorCodes#ROWS_MAX}
   * @param damping see {@link tributary.compression.solver.Curvature}
   */
  public VectorCodesEncoder(int vectorRows, double damping, Gemm gemm) {
    this.vectorRows = vectorRows;
    this.layers = new Layers(damping, gemm);
    this.codebook = GaussianCodebook.of(vectorRows);
  }

  @Override
  public VectorCodes encode(LinearProblem problem, Arena arena) {
    BandEncoder encoder =
        new BandEncoder(new VectorBands(vectorRows, codebook), layers.of(problem));
    BandEncoder.Coded coded = encoder.encode(EFFORT);
    MemorySegment indices =
        arena.allocate(VectorCodes.indexBytes(problem.rows(), problem.columns(), vectorRows));
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
    return new VectorCodes(
        problem.rows(), problem.columns(), vectorRows, indices, codebook, scales);
  }
}
