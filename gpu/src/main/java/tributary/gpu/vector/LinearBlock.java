package tributary.gpu.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.RowRun;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostMatrix;

/**
 * Some neighbouring rows of a linear layer, and the outputs of a chunk for all of them: the base
 * for every row, then each tenant's difference for its rows, while the outputs are still near.
 *
 * <p>A chunk's weights are read from memory once, a tenant's codes once.
 */
final class LinearBlock {
  /** Rows of the block that share a difference, or have none. */
  private record Part(int first, int end, @Nullable VectorDelta delta) {
    boolean hasSigns() {
      return delta instanceof VectorDelta.Coded coded && coded.code() instanceof PackedSigns;
    }

    @Nullable LowRankFactors factors() {
      return delta instanceof VectorDelta.Coded coded
              && coded.code() instanceof LowRankFactors factors
          ? factors
          : null;
    }
  }

  private final HostActivations out;
  private final HostActivations x;
  private final HostMatrix base;
  private final int firstRow;
  private final int rows;
  private final List<Part> parts;
  private final InputRows inputs;

  /** Where a row's inputs are multiplied by the lower factor of its tenant: [rows, rankMax]. */
  private final float[] products;

  private final int rankMax;

  LinearBlock(
      HostActivations out,
      HostActivations x,
      HostMatrix base,
      List<RowRun<DeltaMatrix>> deltas,
      int firstRow,
      int rows,
      InputRows inputs) {
    this.out = out;
    this.x = x;
    this.base = base;
    this.firstRow = firstRow;
    this.rows = rows;
    this.parts = parts(deltas, firstRow, rows);
    this.inputs = inputs;
    this.rankMax =
        parts.stream()
            .map(Part::factors)
            .mapToInt(factors -> factors == null ? 0 : factors.rank())
            .max()
            .orElse(0);
    this.products = new float[Math.multiplyExact(rows, rankMax)];
  }

  /** The runs within the block, and what lies between them, in rows of the block. */
  private static List<Part> parts(List<RowRun<DeltaMatrix>> deltas, int firstRow, int rows) {
    var parts = new ArrayList<Part>(2 * deltas.size() + 1);
    int covered = 0;
    for (RowRun<DeltaMatrix> run : deltas) {
      int first = Math.max(run.firstRow() - firstRow, 0);
      int end = Math.min(run.endRow() - firstRow, rows);
      if (first < end) {
        if (covered < first) {
          parts.add(new Part(covered, first, null));
        }
        parts.add(new Part(first, end, VectorDelta.of(run.operand())));
        covered = end;
      }
    }
    if (covered < rows) {
      parts.add(new Part(covered, rows, null));
    }
    return parts;
  }

  /** Lays out row {@code row} of the block for the tiles that will read it. */
  void prepare(int row) {
    Part part = partOf(row);
    int from = (firstRow + row) * x.columns();
    inputs.prepare(row, x.values(), from, part.hasSigns());
    LowRankFactors factors = part.factors();
    if (factors != null) {
      factors.reduce(x.values(), from, products, row * rankMax);
    }
  }

  private Part partOf(int row) {
    for (Part part : parts) {
      if (part.first <= row && row < part.end) {
        return part;
      }
    }
    throw new AssertionError("row " + row + " is in no part");
  }

  boolean hasSigns() {
    for (Part part : parts) {
      if (part.hasSigns()) {
        return true;
      }
    }
    return false;
  }

  /** Computes outputs [first, end) of all rows. */
  void outputs(int first, int end, Scratch scratch) {
    var product =
        new MatrixProduct(
            inputs.split(),
            inputs.length(),
            new MatrixProduct.Target(out.values(), firstRow * out.columns(), out.columns(), false));
    base(product, first, Math.min(end, base.rows()), scratch);
    for (Part part : parts) {
      int own =
          switch (part.delta) {
            case null -> base.rows();
            case VectorDelta.Replaced replaced -> {
              int last = Math.min(end, replaced.rows());
              product.compute(replaced.value(), first, last, part.first, part.end, 0, scratch);
              yield replaced.rows();
            }
            case VectorDelta.Coded coded -> {
              int last = Math.min(end, base.rows());
              multiplyBase(part, coded.baseFactors(), first, last);
              switch (coded.code()) {
                case PackedSigns signs -> addSigns(part, signs, first, last, scratch);
                case LowRankFactors factors -> addFactors(part, factors, first, last);
                case DecodedCode code ->
                    product.add(code.current(), first, last, part.first, part.end, scratch);
              }
              addedRows(product, part, coded.added(), first, end, scratch);
              yield coded.rows();
            }
          };
      absent(part, Math.max(first, own), end);
    }
  }

  /** Rows whose matrix is replaced are left out. */
  private void base(MatrixProduct product, int first, int end, Scratch scratch) {
    int from = 0;
    for (Part part : parts) {
      if (part.delta instanceof VectorDelta.Replaced) {
        product.compute(base, first, end, from, part.first, 0, scratch);
        from = part.end;
      }
    }
    product.compute(base, first, end, from, rows, 0, scratch);
  }

  private void multiplyBase(Part part, float @Nullable [] factors, int first, int end) {
    if (factors == null) {
      return;
    }
    for (int row = part.first; row < part.end; row++) {
      int at = (firstRow + row) * out.columns();
      for (int n = first; n < end; n++) {
        out.values()[at + n] *= factors[n];
      }
    }
  }

  private void addSigns(Part part, PackedSigns signs, int first, int end, Scratch scratch) {
    if (first >= end) {
      return;
    }
    for (int row = part.first; row < part.end; row++) {
      SignTile.addTo(
          out.values(),
          (firstRow + row) * out.columns(),
          signs,
          first,
          end,
          inputs.tables(),
          inputs.table(row),
          scratch.vectors);
    }
  }

  private void addFactors(Part part, LowRankFactors factors, int first, int end) {
    for (int row = part.first; row < part.end; row++) {
      int at = (firstRow + row) * out.columns();
      factors.addOutputs(products, row * rankMax, first, end, out.values(), at);
    }
  }

  private void addedRows(
      MatrixProduct product,
      Part part,
      @Nullable HostMatrix added,
      int first,
      int end,
      Scratch scratch) {
    if (added != null) {
      int shift = base.rows();
      int last = Math.min(end - shift, added.rows());
      int from = Math.max(first - shift, 0);
      if (from < last) {
        product.compute(added, from, last, part.first, part.end, shift, scratch);
      }
    }
  }

  /** Outputs that a part's rows do not have. */
  private void absent(Part part, int first, int end) {
    for (int row = part.first; row < part.end && first < end; row++) {
      int at = (firstRow + row) * out.columns();
      Arrays.fill(out.values(), at + first, at + end, Float.NEGATIVE_INFINITY);
    }
  }
}
