package tributary.model.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import tributary.model.ModelConfig;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;

/** Random bf16 weights of a Llama shape, off the heap: small values, the same for a seed. */
final class RandomWeights implements TensorSource {
  private static final float AMPLITUDE = 0.035f;
  private static final int BLOCK = 1 << 20;

  private final Arena arena = Arena.ofShared();
  private final Map<String, TensorView> tensors = new TreeMap<>();
  private final SplittableRandom seeds;

  RandomWeights(ModelConfig config, long seed) {
    this.seeds = new SplittableRandom(seed);
    int hidden = config.hiddenSize();
    matrix("model.embed_tokens", config.vocabularySize(), hidden);
    if (!config.tiedEmbeddings()) {
      matrix("lm_head", config.vocabularySize(), hidden);
    }
    ones("model.norm", hidden);
    for (int layer = 0; layer < config.layers(); layer++) {
      String block = "model.layers." + layer + ".";
      int queries = config.heads() * config.headSize();
      int keys = config.kvHeads() * config.headSize();
      ones(block + "input_layernorm", hidden);
      ones(block + "post_attention_layernorm", hidden);
      matrix(block + "self_attn.q_proj", queries, hidden);
      matrix(block + "self_attn.k_proj", keys, hidden);
      matrix(block + "self_attn.v_proj", keys, hidden);
      matrix(block + "self_attn.o_proj", hidden, queries);
      matrix(block + "mlp.gate_proj", config.intermediateSize(), hidden);
      matrix(block + "mlp.up_proj", config.intermediateSize(), hidden);
      matrix(block + "mlp.down_proj", hidden, config.intermediateSize());
    }
  }

  @Override
  public SortedSet<String> names() {
    return new TreeSet<>(tensors.keySet());
  }

  @Override
  public TensorView tensor(String name) {
    TensorView tensor = tensors.get(name);
    if (tensor == null) {
      throw new TributaryException(ErrorCode.MISSING_TENSOR, "random weights have no " + name);
    }
    return tensor;
  }

  @Override
  public void close() {
    arena.close();
  }

  private void ones(String module, int length) {
    MemorySegment data = arena.allocate((long) length * Short.BYTES, Long.BYTES);
    for (int i = 0; i < length; i++) {
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, bf16(1));
    }
    tensors.put(module + ".weight", new TensorView(DType.BF16, Shape.of(length), data));
  }

  private void matrix(String module, int rows, int columns) {
    long elements = (long) rows * columns;
    MemorySegment data = arena.allocate(elements * Short.BYTES, Long.SIZE);
    long seed = seeds.nextLong();
    IntStream.range(0, Math.toIntExact(Math.ceilDiv(elements, BLOCK)))
        .parallel()
        .forEach(block -> fill(data, (long) block * BLOCK, elements, seed + block));
    tensors.put(module + ".weight", new TensorView(DType.BF16, Shape.of(rows, columns), data));
  }

  private static void fill(MemorySegment data, long from, long elements, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long end = Math.min(elements, from + BLOCK);
    for (long i = from; i < end; i++) {
      float uniform = (random.nextInt() >> 8) * 0x1p-23f;
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, bf16(uniform * AMPLITUDE));
    }
  }

  private static short bf16(float value) {
    return (short) (Float.floatToRawIntBits(value) >>> 16);
  }
}
