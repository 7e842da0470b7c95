package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A byte-level BPE tokenizer for a vocabulary of any size: specials, the 256 bytes, then words
 * that no text is ever split into but that every engine can print, each with a text of its own.
 */
final class SyntheticTokenizer {
  static final int PAD = 0;
  static final int BEGIN = 1;
  static final int END = 2;

  private static final List<String> SPECIALS = List.of("<pad>", "<s>", "</s>");
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private SyntheticTokenizer() {}

  /** A {@code tokenizer.json} of exactly so many tokens. */
  static ObjectNode tokenizer(int vocabulary) {
    ObjectNode root = JSON.objectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < SPECIALS.size(); id++) {
      added.addObject().put("id", id).put("content", SPECIALS.get(id)).put("single_word", false)
          .put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
    }
    root.putNull("normalizer");
    ArrayNode splits = root.putObject("pre_tokenizer").put("type", "Sequence")
        .putArray("pretokenizers");
    splits.addObject().put("type", "Digits").put("individual_digits", true);
    splits.add(byteLevel().put("add_prefix_space", false));
    root.set("post_processor", beginsWithBegin());
    root.set("decoder", byteLevel().put("add_prefix_space", true));
    root.set("model", model(vocabulary));
    return root;
  }

  /** The {@code tokenizer_config.json} beside it. */
  static ObjectNode configuration() {
    return JSON.objectNode().put("bos_token", SPECIALS.get(BEGIN))
        .put("eos_token", SPECIALS.get(END)).put("pad_token", SPECIALS.get(PAD));
  }

  private static ObjectNode byteLevel() {
    return JSON.objectNode().put("type", "ByteLevel").put("trim_offsets", true)
        .put("use_regex", true);
  }

  private static ObjectNode beginsWithBegin() {
    String begin = SPECIALS.get(BEGIN);
    ObjectNode special = JSON.objectNode();
    special.putObject("SpecialToken").put("id", begin).put("type_id", 0);
    ObjectNode processor = JSON.objectNode().put("type", "TemplateProcessing");
    processor.putArray("single").add(special).add(sequence("A"));
    processor.putArray("pair").add(special).add(sequence("A")).add(sequence("B"));
    ObjectNode token = processor.putObject("special_tokens").putObject(begin).put("id", begin);
    token.putArray("ids").add(BEGIN);
    token.putArray("tokens").add(begin);
    return processor;
  }

  private static ObjectNode sequence(String id) {
    ObjectNode sequence = JSON.objectNode();
    sequence.putObject("Sequence").put("id", id).put("type_id", 0);
    return sequence;
  }

  private static ObjectNode model(int vocabulary) {
    ObjectNode model = JSON.objectNode().put("type", "BPE");
    model.putNull("dropout").putNull("unk_token").putNull("continuing_subword_prefix")
        .putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocab = model.putObject("vocab");
    List<String> tokens = tokens(vocabulary);
    for (int id = 0; id < tokens.size(); id++) {
      vocab.put(tokens.get(id), id);
    }
    model.putArray("merges");
    return model;
  }

  private static List<String> tokens(int vocabulary) {
    List<String> tokens = new ArrayList<>(SPECIALS);
    tokens.addAll(ByteLevelAlphabet.characters());
    if (vocabulary < tokens.size()) {
      throw new IllegalArgumentException(
          "vocabulary of " + vocabulary + " tokens, wanted at least " + tokens.size());
    }
    for (int id = tokens.size(); id < vocabulary; id++) {
      tokens.add("[" + id + "]");
    }
    return tokens;
  }
}
