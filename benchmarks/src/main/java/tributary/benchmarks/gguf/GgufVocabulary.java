package tributary.benchmarks.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A byte-level BPE {@code tokenizer.json} in GGUF's terms. Pre-tokenization is stated as
 * "smollm": single digits split off, then GPT-2's words, which is what such files ask for here.
 */
record GgufVocabulary(List<String> tokens, List<Integer> types, List<String> merges) {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;

  static GgufVocabulary of(JsonNode tokenizer, int size) {
    JsonNode model = tokenizer.path("model");
    if (!model.path("type").asText().equals("BPE") || model.path("byte_fallback").asBoolean()) {
      throw new IllegalArgumentException("tokenizer.json: wanted byte-level BPE, found "
          + model.path("type").asText() + " with byte_fallback=" + model.path("byte_fallback"));
    }
    String[] tokens = new String[size];
    model.path("vocab").properties().forEach(e -> tokens[e.getValue().asInt()] = e.getKey());
    List<Integer> types = new ArrayList<>(Collections.nCopies(size, NORMAL));
    for (JsonNode added : tokenizer.path("added_tokens")) {
      int id = added.path("id").asInt();
      tokens[id] = added.path("content").asText();
      types.set(id, CONTROL);
    }
    for (int id = 0; id < size; id++) {
      if (tokens[id] == null) {
        throw new IllegalArgumentException(
            "tokenizer.json: no token " + id + " in a vocabulary of " + size);
      }
    }
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : model.path("merges")) {
      merges.add(
          merge.isArray() ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText());
    }
    return new GgufVocabulary(Arrays.asList(tokens), types, merges);
  }

  void putInto(GgufHeader header) {
    header.put("tokenizer.ggml.model", "gpt2");
    header.put("tokenizer.ggml.pre", "smollm");
    header.putStrings("tokenizer.ggml.tokens", tokens);
    header.putIntegers("tokenizer.ggml.token_type", types);
    header.putStrings("tokenizer.ggml.merges", merges);
    header.put("tokenizer.ggml.add_bos_token", true);
  }
}
