package tributary.cli.soak;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsWriter;

/** A Llama of random weights that is small enough to be computed thousands of times a second. */
final class TinyBase {
  /** The bytes as they are shown by byte-level tokenizers, and two marks. */
  static final int VOCABULARY = 258;

  private static final int HEAD_SIZE = 32;
  private static final int CONTEXT_LENGTH = 256;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * How large it is.
   *
   * @param hidden a multiple of 64
   */
  record Size(int hidden, int layers) {
    static final Size SMALLEST = new Size(128, 2);

    Size {
      if (hidden < 64 || hidden % 64 != 0) {
        throw TributaryException.parameter("hidden", hidden, 64, 1 << 14);
      }
    }

    int intermediate() {
      return 2 * hidden;
    }

    int heads() {
      return hidden / HEAD_SIZE;
    }

    int keyValueHeads() {
      return heads() / 2;
    }
  }

  private TinyBase() {}

  /** Writes a Hugging Face directory; the same seed gives the same bytes. */
  static Path write(Path directory, Size size, long seed) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve("config.json"),
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": %d,
         "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": %d, "vocab_size": %d, "max_position_embeddings": %d,
         "rms_norm_eps": 1e-5, "tie_word_embeddings": false, "bos_token_id": 256,
         "eos_token_id": 257}
        """
            .formatted(
                size.hidden,
                size.intermediate(),
                size.layers,
                size.heads(),
                size.keyValueHeads(),
                VOCABULARY,
                CONTEXT_LENGTH));
    Files.writeString(directory.resolve("tokenizer.json"), tokenizer());
    SafetensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), weights(size, seed));
    return directory;
  }

  private static SequencedMap<String, TensorView> weights(Size size, long seed) {
    int hidden = size.hidden;
    int wide = size.intermediate();
    var random = new SplittableRandom(seed);
    SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
    matrix(tensors, random, "model.embed_tokens.weight", VOCABULARY, hidden);
    int keys = HEAD_SIZE * size.keyValueHeads();
    for (int layer = 0; layer < size.layers; layer++) {
      String block = "model.layers." + layer + ".";
      ones(tensors, block + "input_layernorm.weight", hidden);
      matrix(tensors, random, block + "self_attn.q_proj.weight", hidden, hidden);
      matrix(tensors, random, block + "self_attn.k_proj.weight", keys, hidden);
      matrix(tensors, random, block + "self_attn.v_proj.weight", keys, hidden);
      matrix(tensors, random, block + "self_attn.o_proj.weight", hidden, hidden);
      ones(tensors, block + "post_attention_layernorm.weight", hidden);
      matrix(tensors, random, block + "mlp.gate_proj.weight", wide, hidden);
      matrix(tensors, random, block + "mlp.up_proj.weight", wide, hidden);
      matrix(tensors, random, block + "mlp.down_proj.weight", hidden, wide);
    }
    ones(tensors, "model.norm.weight", hidden);
    matrix(tensors, random, "lm_head.weight", VOCABULARY, hidden);
    return tensors;
  }

  private static void matrix(
      Map<String, TensorView> tensors,
      SplittableRandom random,
      String name,
      int rows,
      int columns) {
    var values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian(0, 1 / Math.sqrt(columns));
    }
    tensors.put(name, TensorView.of(Shape.of(rows, columns), values));
  }

  private static void ones(Map<String, TensorView> tensors, String name, int length) {
    var values = new float[length];
    Arrays.fill(values, 1);
    tensors.put(name, TensorView.of(Shape.of(length), values));
  }

  /** Byte-level BPE without merges: one token a byte. */
  private static String tokenizer() throws IOException {
    ObjectNode vocabulary = MAPPER.createObjectNode();
    int shifted = 0x100;
    for (int value = 0; value < 0x100; value++) {
      boolean shown = (value >= 0x21 && value <= 0x7E) || (value >= 0xA1 && value != 0xAD);
      vocabulary.put(String.valueOf((char) (shown ? value : shifted++)), value);
    }
    var root =
        (ObjectNode)
            MAPPER.readTree(
                """
                {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
                 "added_tokens": [
                   {"id": 256, "content": "<s>", "special": true, "single_word": false,
                    "lstrip": false, "rstrip": false, "normalized": false},
                   {"id": 257, "content": "</s>", "special": true, "single_word": false,
                    "lstrip": false, "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false,
                   "trim_offsets": true, "use_regex": true},
                 "post_processor": null,
                 "decoder": {"type": "ByteLevel", "add_prefix_space": false,
                   "trim_offsets": true, "use_regex": true},
                 "model": {"type": "BPE", "dropout": null, "unk_token": null,
                   "continuing_subword_prefix": null, "end_of_word_suffix": null,
                   "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                   "merges": []}}
                """);
    ((ObjectNode) root.get("model")).set("vocab", vocabulary);
    return root.toString();
  }
}
