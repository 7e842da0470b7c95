package tributary.model.decoder;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.gpu.Activation;
import tributary.gpu.Activations;
import tributary.gpu.Elementwise.Columns;
import tributary.gpu.Rope;
import tributary.model.decoder.Block.Residual;
import tributary.model.family.Dimensions;
import tributary.model.network.Projection;
import tributary.model.network.Stage;
import tributary.model.network.Step;

/**
 * The forward pass of one block in four stages: queries, keys and values; attention's output; what
 * opens the feed-forward layer; what closes it.
 *
 * <p>Where attention and the feed-forward layer stand side by side, the latter's input is computed
 * before attention's output is added to the hidden state, and waits in scratch.
 */
final class BlockStages {
  private final Sublayer<SelfAttention> attention;
  private final Sublayer<FeedForward> feedForward;
  private final Residual residual;
  private final Dimensions dimensions;
  private final int layer;

  BlockStages(Block block, Dimensions dimensions, int layer) {
    this.attention = block.attention();
    this.feedForward = block.feedForward();
    this.residual = block.residual();
    this.dimensions = dimensions;
    this.layer = layer;
  }

  List<Stage> stages() {
    return List.of(
        new Stage(
            attention.layer().inputs().projections(),
            (step, hidden) -> normed(step, hidden, attention.before()),
            (step, _, normed) -> queryKeyValue(step, normed)),
        new Stage(
            List.of(attention.layer().output()), (step, _) -> attended(step), this::addAttention),
        new Stage(
            feedForward.layer().readers(),
            this::feedForwardInput,
            (step, _, normed) -> open(step, normed)),
        new Stage(
            List.of(feedForward.layer().down()),
            (step, _) -> activated(step),
            (step, hidden, activated) ->
                step.add(
                    hidden,
                    projected(step, activated, feedForward.layer().down(), feedForward.after()))));
  }

  private Activations normed(Step step, Activations hidden, Norm norm) {
    Activations normed = step.scratch("normed", dimensions.hidden());
    norm.apply(step, normed, hidden);
    return normed;
  }

  private void queryKeyValue(Step step, Activations normed) {
    Activations q = query(step);
    Activations k = step.scratch("k", dimensions.keyColumns());
    Activations v = step.scratch("v", dimensions.keyColumns());
    switch (attention.layer().inputs()) {
      case QueryKeyValue.Separate(var query, var key, var value) -> {
        step.project(q, normed, query);
        step.project(k, normed, key);
        step.project(v, normed, value);
      }
      case QueryKeyValue.Fused(var all, Columns query, Columns key, Columns value) -> {
        Activations fused = step.scratch("qkv", all.weight().rows());
        step.project(fused, normed, all);
        step.copyColumns(q, fused, query);
        step.copyColumns(k, fused, key);
        step.copyColumns(v, fused, value);
      }
    }
    SelfAttention.HeadNorms norms = attention.layer().norms();
    if (norms != null) {
      norms.query().apply(step, q, q);
      norms.key().apply(step, k, k);
    }
    step.rope(new Rope.Operands(q, k, v), attention.layer().rope(), layer);
  }

  private Activations query(Step step) {
    return step.scratch("q", dimensions.queryColumns());
  }

  private Activations attended(Step step) {
    Activations q = query(step);
    Activations attended = step.scratch("attended", q.columns());
    step.attend(attended, q, layer, attention.layer().scores());
    return attended;
  }

  private void addAttention(Step step, Activations hidden, Activations attended) {
    Activations projected =
        projected(step, attended, attention.layer().output(), attention.after());
    if (residual == Residual.PARALLEL) {
      normed(step, hidden, feedForward.before());
    }
    step.add(hidden, projected);
  }

  private Activations feedForwardInput(Step step, Activations hidden) {
    return switch (residual) {
      case SEQUENTIAL -> normed(step, hidden, feedForward.before());
      case PARALLEL -> step.scratch("normed", dimensions.hidden());
    };
  }

  private void open(Step step, Activations normed) {
    switch (feedForward.layer()) {
      case FeedForward.Gated gated -> {
        step.project(gate(step), normed, gated.gate());
        step.project(up(step), normed, gated.up());
      }
      case FeedForward.FusedGated fused -> {
        Activations both = step.scratch("gateUp", fused.both().weight().rows());
        step.project(both, normed, fused.both());
        step.copyColumns(gate(step), both, fused.gate());
        step.copyColumns(up(step), both, fused.up());
      }
      case FeedForward.Plain plain -> step.project(up(step), normed, plain.up());
    }
  }

  private Activations activated(Step step) {
    Activation kind = feedForward.layer().activation();
    return switch (feedForward.layer()) {
      case FeedForward.Gated _, FeedForward.FusedGated _ -> {
        Activations gate = gate(step);
        if (kind == Activation.SILU) {
          step.siluMultiply(gate, gate, up(step));
        } else {
          step.activate(gate, gate, kind);
          step.multiply(gate, up(step));
        }
        yield gate;
      }
      case FeedForward.Plain _ -> {
        Activations up = up(step);
        step.activate(up, up, kind);
        yield up;
      }
    };
  }

  private Activations gate(Step step) {
    return step.scratch("gate", feedForward.layer().width());
  }

  private Activations up(Step step) {
    return step.scratch("up", feedForward.layer().width());
  }

  private Activations projected(
      Step step, Activations input, Projection projection, @Nullable Norm after) {
    Activations projected = step.scratch("projected", dimensions.hidden());
    step.project(projected, input, projection);
    if (after != null) {
      after.apply(step, projected, projected);
    }
    return projected;
  }
}
