package tributary.model.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes small {@code tokenizer.json} files of the two kinds that language models use. */
public final class TinyTokenizers {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> SPECIAL = List.of("<pad>", "<s>", "</s>", "<|user|>");

  private TinyTokenizers() {}

  /** Byte-level BPE, as Llama 3, Qwen and GPT-2 have it; ids 0 to 3 are special. */
  public static Path byteLevel(Path directory) throws IOException {
    ObjectNode root = root();
    ObjectNode vocabulary = MAPPER.createObjectNode();
    SPECIAL.forEach(special -> vocabulary.put(special, vocabulary.size()));
    int shifted = 0x100;
    for (int value = 0; value < 0x100; value++) {
      boolean printable = (value >= 0x21 && value <= 0x7E) || (value >= 0xA1 && value != 0xAD);
      vocabulary.put(String.valueOf((char) (printable ? value : shifted++)), vocabulary.size());
    }
    ArrayNode merges = MAPPER.createArrayNode();
    for (String merge :
        List.of("t h", "th e", "Ġ the", "h e", "l l", "he ll", "hell o", "ð Ł", "å ¥")) {
      merges.add(merge);
      vocabulary.put(merge.replace(" ", ""), vocabulary.size());
    }
    root.set("model", model(vocabulary, merges).put("byte_fallback", false));
    root.set("pre_tokenizer", byteLevelStep().put("add_prefix_space", false));
    root.set("decoder", byteLevelStep());
    // An added token that is shown, with characters outside the byte alphabet.
    addToken(root, vocabulary.size(), " ▁▁ ", false);
    return write(directory, root);
  }

  /** BPE over pieces with byte fallback, as Llama 2 and Mistral have it; ids 0 to 3 are special. */
  public static Path sentencePiece(Path directory) throws IOException {
    ObjectNode root = root();
    ObjectNode vocabulary = MAPPER.createObjectNode();
    SPECIAL.forEach(special -> vocabulary.put(special, vocabulary.size()));
    for (int value = 0; value < 0x100; value++) {
      vocabulary.put("<0x%02X>".formatted(value), vocabulary.size());
    }
    vocabulary.put("▁", vocabulary.size());
    for (char letter = 'a'; letter <= 'z'; letter++) {
      vocabulary.put(String.valueOf(letter), vocabulary.size());
    }
    vocabulary.put("é", vocabulary.size());
    ArrayNode merges = MAPPER.createArrayNode();
    for (String merge : List.of("t h", "th e", "▁ the", "h e", "l l", "he ll", "hell o", "▁ ▁")) {
      merges.add(merge);
      vocabulary.put(merge.replace(" ", ""), vocabulary.size());
    }
    ObjectNode model = model(vocabulary, merges).put("byte_fallback", true);
    root.set("model", model.put("fuse_unk", true));
    root.set(
        "normalizer",
        json(
            """
            {"type": "Sequence", "normalizers": [
              {"type": "Prepend", "prepend": "▁"},
              {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}\
            """));
    root.set(
        "decoder",
        json(
            """
            {"type": "Sequence", "decoders": [
              {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
              {"type": "ByteFallback"}, {"type": "Fuse"},
              {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}\
            """));
    return write(directory, root);
  }

  static ObjectNode read(Path directory) throws IOException {
    return (ObjectNode) MAPPER.readTree(directory.resolve("tokenizer.json").toFile());
  }

  static Path write(Path directory, ObjectNode root) throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), root.toString());
    return directory;
  }

  static ObjectNode json(String text) throws IOException {
    return (ObjectNode) MAPPER.readTree(text);
  }

  private static ObjectNode root() throws IOException {
    ObjectNode root =
        json(
            """
            {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
             "normalizer": null, "pre_tokenizer": null,
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                          {"Sequence": {"id": "A", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                        {"Sequence": {"id": "B", "type_id": 1}}],
               "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}}\
            """);
    for (int id = 0; id < SPECIAL.size(); id++) {
      addToken(root, id, SPECIAL.get(id), true);
    }
    return root;
  }

  private static void addToken(ObjectNode root, int id, String content, boolean special) {
    ObjectNode token = root.withArray("added_tokens").addObject();
    token.put("id", id).put("content", content).put("special", special);
    token.put("single_word", false).put("lstrip", false).put("rstrip", false);
    token.put("normalized", false);
  }

  private static ObjectNode model(ObjectNode vocabulary, ArrayNode merges) throws IOException {
    ObjectNode model =
        json(
            """
            {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
             "end_of_word_suffix": null, "fuse_unk": false, "ignore_merges": false}\
            """);
    model.set("vocab", vocabulary);
    model.set("merges", merges);
    return model;
  }

  private static ObjectNode byteLevelStep() throws IOException {
    return json(
        "{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true,"
            + " \"use_regex\": true}");
  }
}
