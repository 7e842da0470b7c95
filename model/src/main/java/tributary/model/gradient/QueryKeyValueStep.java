package tributary.model.gradient;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Elementwise.Columns;
import tributary.gpu.Gemm;
import tributary.model.decoder.QueryKeyValue;
import tributary.model.decoder.SelfAttention;
import tributary.model.family.Dimensions;

/** The layers that make queries, keys and values, and the norms of queries and keys by heads. */
final class QueryKeyValueStep {
  private final List<LinearStep> linears;
  private final List<Columns> columns;
  private final Dimensions dimensions;
  private final @Nullable NormStep queryNorm;
  private final @Nullable NormStep keyNorm;

  QueryKeyValueStep(DenseModel model, Gemm gemm, SelfAttention attention) {
    this.linears =
        attention.inputs().projections().stream()
            .map(projection -> new LinearStep(model, gemm, projection))
            .toList();
    this.columns =
        switch (attention.inputs()) {
          case QueryKeyValue.Separate _ -> List.of();
          case QueryKeyValue.Fused(_, var query, var key, var value) -> List.of(query, key, value);
        };
    this.dimensions = model.config().structure().dimensions();
    SelfAttention.HeadNorms norms = attention.norms();
    this.queryNorm = norms == null ? null : NormStep.of(model, norms.query());
    this.keyNorm = norms == null ? null : NormStep.of(model, norms.key());
  }

  /** What the layers make of the input, before the norms of heads. */
  AttentionStep.Operands forward(Matrix normed) {
    if (columns.isEmpty()) {
      return new AttentionStep.Operands(
          linears.get(0).forward(normed),
          linears.get(1).forward(normed),
          linears.get(2).forward(normed));
    }
    Matrix all = linears.getFirst().forward(normed);
    return new AttentionStep.Operands(
        all.columns(columns.get(0), dimensions.queryColumns()),
        all.columns(columns.get(1), dimensions.keyColumns()),
        all.columns(columns.get(2), dimensions.keyColumns()));
  }

  /** The same with queries and keys normed; their matrices are new. */
  AttentionStep.Operands normHeads(AttentionStep.Operands made) {
    return new AttentionStep.Operands(
        normed(queryNorm, made.queries()), normed(keyNorm, made.keys()), made.values());
  }

  private Matrix normed(@Nullable NormStep norm, Matrix x) {
    if (norm == null) {
      return x.copy();
    }
    return norm.forward(heads(x)).reshaped(x.rows(), x.columns());
  }

  /** Whether the operands before the norms are needed on the way back. */
  boolean hasNorms() {
    return queryNorm != null;
  }

  /** Adds the input's gradient to {@code dNormed}; {@code made} as the layers made them. */
  void backward(
      Matrix dNormed,
      AttentionStep.Operands gradients,
      AttentionStep.Operands made,
      Matrix normed,
      GradientSink sink) {
    Matrix dQueries = throughNorm(queryNorm, gradients.queries(), made.queries(), sink);
    Matrix dKeys = throughNorm(keyNorm, gradients.keys(), made.keys(), sink);
    if (columns.isEmpty()) {
      linears.get(2).backward(dNormed, gradients.values(), normed, sink);
      linears.get(1).backward(dNormed, dKeys, normed, sink);
      linears.get(0).backward(dNormed, dQueries, normed, sink);
      return;
    }
    LinearStep all = linears.getFirst();
    Matrix dAll = Matrix.zeros(normed.rows(), all.rows());
    dAll.setColumns(columns.get(0), dQueries);
    dAll.setColumns(columns.get(1), dKeys);
    dAll.setColumns(columns.get(2), gradients.values());
    all.backward(dNormed, dAll, normed, sink);
  }

  private Matrix throughNorm(
      @Nullable NormStep norm, Matrix gradient, Matrix made, GradientSink sink) {
    if (norm == null) {
      return gradient;
    }
    Matrix dMade = Matrix.zeros(made.rows(), made.columns());
    norm.backward(heads(dMade), heads(gradient), heads(made), sink);
    return dMade;
  }

  /** The same values with a row for each head. */
  private Matrix heads(Matrix x) {
    int size = dimensions.headSize();
    return x.reshaped(x.rows() * (x.columns() / size), size);
  }
}
