package tributary.gpu.vector;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activations;
import tributary.gpu.DeltaMatrix;
import tributary.gpu.Gather;
import tributary.gpu.RowRun;
import tributary.gpu.WeightMatrix;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostMatrix;
import tributary.gpu.host.OperandChecks;

/** Looks up embeddings: 2K bytes of bf16 a row, and those of its codes. */
final class VectorGather implements Gather {
  /** Rows that one thread takes at once. */
  private static final int CHUNK = 8;

  private final WorkerTeam team;
  private final Scratch[] scratch;

  VectorGather(WorkerTeam team, Scratch[] scratch) {
    this.team = team;
    this.scratch = scratch;
  }

  @Override
  public void apply(
      Activations out, int[] tokens, WeightMatrix weight, List<RowRun<DeltaMatrix>> deltas) {
    OperandChecks.gather(out, tokens, weight, deltas);
    var tenants = new @Nullable VectorDelta[tokens.length];
    for (RowRun<DeltaMatrix> run : deltas) {
      VectorDelta delta = VectorDelta.of(run.operand());
      if (delta instanceof VectorDelta.Coded coded) {
        OperandChecks.codedRows(coded.code().rows(), weight.rows());
      }
      for (int row = run.firstRow(); row < run.endRow(); row++) {
        tenants[row] = delta;
      }
    }
    HostMatrix base = HostMatrix.of(weight);
    for (int row = 0; row < tokens.length; row++) {
      VectorDelta tenant = tenants[row];
      OperandChecks.token(tokens[row], tenant == null ? base.rows() : tenant.rows());
    }
    float[] values = HostActivations.of(out).values();
    team.run(
        Math.ceilDiv(tokens.length, CHUNK),
        (chunk, worker) -> {
          int end = Math.min((chunk + 1) * CHUNK, tokens.length);
          for (int row = chunk * CHUNK; row < end; row++) {
            lookUp(values, row * base.columns(), tokens[row], base, tenants[row], scratch[worker]);
          }
        });
  }

  private static void lookUp(
      float[] out,
      int at,
      int token,
      HostMatrix base,
      @Nullable VectorDelta tenant,
      Scratch scratch) {
    switch (tenant) {
      case null -> copyRow(out, at, base, token, scratch);
      case VectorDelta.Replaced(var value) -> copyRow(out, at, value, token, scratch);
      case VectorDelta.Coded(var code, var baseFactors, var added) -> {
        if (token >= base.rows() && added != null) {
          copyRow(out, at, added, token - base.rows(), scratch);
        } else {
          copyRow(out, at, base, token, scratch);
          if (baseFactors != null) {
            multiply(out, at, base.columns(), baseFactors[token]);
          }
          code.addRow(token, out, at, scratch);
        }
      }
    }
  }

  private static void multiply(float[] out, int at, int count, float factor) {
    for (int i = at; i < at + count; i++) {
      out[i] *= factor;
    }
  }

  private static void copyRow(float[] out, int at, HostMatrix from, int row, Scratch scratch) {
    System.arraycopy(scratch.plainRow(from, row), 0, out, at, from.columns());
  }
}
