package tributary.model.decoder;

import tributary.gpu.Activation;
import tributary.gpu.Elementwise.Columns;
import tributary.model.family.Dimensions;
import tributary.model.network.Parameter;
import tributary.model.network.Parameters;
import tributary.model.network.Projection;

/** Makes the parts of a decoder, and declares their parameters. */
public final class Parts {
  private final Dimensions dimensions;
  private final Parameters parameters = new Parameters();

  public Parts(Dimensions dimensions) {
    this.dimensions = dimensions;
  }

  public Dimensions dimensions() {
    return dimensions;
  }

  public Parameters parameters() {
    return parameters;
  }

  /** {@code name.weight}, a row for each token. */
  public Parameter.Matrix vocabulary(String name, int vocabulary) {
    return parameters.vocabularyMatrix(name + ".weight", vocabulary, dimensions.hidden());
  }

  /** The head {@code name.weight}: one of its own, or that of the embeddings. */
  public Parameter.Matrix head(String name, Parameter.Matrix embedding, boolean tied) {
    return tied ? parameters.tied(name + ".weight", embedding) : vocabulary(name, embedding.rows());
  }

  /** A norm by the root mean square, over the hidden size. */
  public Norm rmsNorm(String name, float epsilon) {
    return new Norm.RootMeanSquare(
        parameters.vector(name + ".weight", dimensions.hidden()), epsilon);
  }

  /** A norm by the root mean square that multiplies by 1 plus its weight. */
  public Norm rmsNormPlusOne(String name, float epsilon) {
    return new Norm.RootMeanSquare(
        parameters.vector(name + ".weight", dimensions.hidden(), 1), epsilon);
  }

  /** A norm by mean and variance, over the hidden size. */
  public Norm layerNorm(String name, float epsilon) {
    return new Norm.Layer(
        parameters.vector(name + ".weight", dimensions.hidden()),
        parameters.vector(name + ".bias", dimensions.hidden()),
        epsilon);
  }

  /**
   * Norms of queries and keys by heads: {@code q_norm} and {@code k_norm}.
   *
   * @param offset added to their weights
   */
  public SelfAttention.HeadNorms headNorms(String prefix, float offset, float epsilon) {
    return new SelfAttention.HeadNorms(
        headNorm(prefix + "q_norm", offset, epsilon), headNorm(prefix + "k_norm", offset, epsilon));
  }

  private Norm.RootMeanSquare headNorm(String name, float offset, float epsilon) {
    return new Norm.RootMeanSquare(
        parameters.vector(name + ".weight", dimensions.headSize(), offset), epsilon);
  }

  /** {@code q_proj}, {@code k_proj} and {@code v_proj}. */
  public QueryKeyValue separate(String prefix, boolean bias) {
    int hidden = dimensions.hidden();
    return new QueryKeyValue.Separate(
        parameters.projection(prefix + "q_proj", dimensions.queryColumns(), hidden, bias),
        parameters.projection(prefix + "k_proj", dimensions.keyColumns(), hidden, bias),
        parameters.projection(prefix + "v_proj", dimensions.keyColumns(), hidden, bias));
  }

  /**
   * One layer whose outputs are, for each key-value head, the queries that share it, the key and
   * the value.
   */
  public QueryKeyValue interleaved(String name, boolean bias) {
    int size = dimensions.headSize();
    int queries = dimensions.heads() / dimensions.kvHeads() * size;
    int stride = queries + 2 * size;
    int rows = dimensions.kvHeads() * stride;
    return new QueryKeyValue.Fused(
        parameters.projection(name, rows, dimensions.hidden(), bias),
        new Columns(0, queries, stride),
        new Columns(queries, size, stride),
        new Columns(queries + size, size, stride));
  }

  /** One layer whose outputs are all queries, then all keys, then all values. */
  public QueryKeyValue stacked(String name, boolean bias) {
    int queries = dimensions.queryColumns();
    int keys = dimensions.keyColumns();
    return new QueryKeyValue.Fused(
        parameters.projection(name, queries + 2 * keys, dimensions.hidden(), bias),
        Columns.block(0, queries),
        Columns.block(queries, keys),
        Columns.block(queries + keys, keys));
  }

  /** Attention's last layer. */
  public Projection output(String name, boolean bias) {
    return parameters.projection(name, dimensions.hidden(), dimensions.queryColumns(), bias);
  }

  /** {@code gate_proj}, {@code up_proj} and {@code down_proj}. */
  public FeedForward gated(String prefix, Activation activation, boolean bias) {
    return new FeedForward.Gated(
        opening(prefix + "gate_proj", bias),
        opening(prefix + "up_proj", bias),
        closing(prefix + "down_proj", bias),
        activation);
  }

  /** {@code gate_up_proj}, the gate first, and {@code down_proj}. */
  public FeedForward fusedGated(String prefix, Activation activation) {
    int width = dimensions.intermediate();
    return new FeedForward.FusedGated(
        parameters.projection(prefix + "gate_up_proj", 2 * width, dimensions.hidden(), false),
        Columns.block(0, width),
        Columns.block(width, width),
        closing(prefix + "down_proj", false),
        activation);
  }

  /** Two layers with an activation between them. */
  public FeedForward plain(String up, String down, Activation activation, boolean bias) {
    return new FeedForward.Plain(opening(up, bias), closing(down, bias), activation);
  }

  private Projection opening(String name, boolean bias) {
    return parameters.projection(name, dimensions.intermediate(), dimensions.hidden(), bias);
  }

  private Projection closing(String name, boolean bias) {
    return parameters.projection(name, dimensions.hidden(), dimensions.intermediate(), bias);
  }
}
