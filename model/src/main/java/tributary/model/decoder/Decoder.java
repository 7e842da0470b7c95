package tributary.model.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import tributary.gpu.Activations;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.model.network.Parameters;
import tributary.model.network.Stage;
import tributary.model.network.Step;

/** A network of the common blocks. */
public final class Decoder implements Network {
  private final Parts parts;
  private final Embedding embedding;
  private final List<Block> blocks;
  private final Head head;
  private final Predicate<String> ignored;
  private final List<Stage> stages;

  /**
   * A network of blocks.
   *
   * @param parts that everything else was made of
   * @param ignored names of tensors that checkpoints may hold although nothing computes with them
   */
  public Decoder(
      Parts parts, Embedding embedding, List<Block> blocks, Head head, Predicate<String> ignored) {
    this.parts = parts;
    this.embedding = embedding;
    this.blocks = List.copyOf(blocks);
    this.head = head;
    this.ignored = ignored;
    List<Stage> all = new ArrayList<>();
    for (int layer = 0; layer < blocks.size(); layer++) {
      all.addAll(new BlockStages(blocks.get(layer), parts.dimensions(), layer).stages());
    }
    this.stages = Collections.unmodifiableList(all);
  }

  public List<Block> blocks() {
    return blocks;
  }

  public Embedding inputs() {
    return embedding;
  }

  public Head outputs() {
    return head;
  }

  public Parts parts() {
    return parts;
  }

  @Override
  public Parameters parameters() {
    return parts.parameters();
  }

  @Override
  public Parameter.Matrix embedding() {
    return embedding.tokens();
  }

  @Override
  public Parameter.Matrix head() {
    return head.matrix();
  }

  @Override
  public boolean ignores(String tensor) {
    return ignored.test(tensor);
  }

  @Override
  public List<Stage> stages() {
    return stages;
  }

  @Override
  public void embed(Step step, Activations hidden) {
    embedding.apply(step, hidden);
  }

  @Override
  public void normalize(Step step, Activations hidden) {
    head.norm().apply(step, hidden, hidden);
  }

  @Override
  public void logits(Step step, Activations logits, Activations hidden) {
    head.apply(step, logits, hidden);
  }

  @Override
  public SortedMap<String, String> traits() {
    SortedMap<String, String> traits = new TreeMap<>();
    traits.put("embedding scale", Float.toString(embedding.scale()));
    traits.put("logit cap", Float.toString(head.softCap()));
    traits.put("norm epsilon", ofBlocks(block -> block.attention().before().epsilon()));
    traits.put(
        "rotation frequencies",
        ofBlocks(block -> Arrays.toString(attention(block).rope().inverseFrequencies())));
    traits.put("rotation scale", ofBlocks(block -> attention(block).rope().scale()));
    traits.put("attention", ofBlocks(block -> attention(block).scores()));
    traits.put("activation", ofBlocks(block -> block.feedForward().layer().activation()));
    traits.put("residual", ofBlocks(Block::residual));
    return traits;
  }

  private static SelfAttention attention(Block block) {
    return block.attention().layer();
  }

  /** What all blocks have, or what each has where they differ. */
  private String ofBlocks(Function<Block, Object> trait) {
    Collection<String> each = blocks.stream().map(trait).map(Object::toString).toList();
    List<String> different = each.stream().distinct().toList();
    return different.size() == 1 ? different.getFirst() : each.toString();
  }
}
