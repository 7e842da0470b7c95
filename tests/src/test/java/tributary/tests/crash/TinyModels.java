package tributary.tests.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A base and a fine-tune of two layers with a tokenizer of letters, and records to look at. */
final class TinyModels {
  private static final int LETTERS = 26;
  private static final int FIRST_TOKEN = 3;
  private static final int RECORDS = 8;
  private static final int LINEARS = 14;

  private final Path base;
  private final Path tuned;
  private final Path records;

  /**
   * @param checkpoints directory of reference checkpoints
   */
  TinyModels(Path directory, Path checkpoints) throws IOException {
    base = copy(checkpoints.resolve("llama"), directory.resolve("base"));
    tuned = copy(checkpoints.resolve("llama-finetune"), directory.resolve("tuned"));
    records = Files.writeString(directory.resolve("records.jsonl"), records());
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    for (String name : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
    String vocabulary =
        IntStream.range(0, LETTERS)
            .mapToObj(i -> "\"%c\": %d".formatted('a' + i, FIRST_TOKEN + i))
            .collect(Collectors.joining(", "));
    Files.writeString(
        to.resolve("tokenizer.json"),
        """
        {"version": "1.0", "added_tokens": [], "normalizer": null, "post_processor": null,
         "pre_tokenizer": {"type": "Whitespace"},
         "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
          "use_regex": true},
         "model": {"type": "WordLevel", "unk_token": "a", "vocab": {%s}}}
        """
            .formatted(vocabulary));
    return to;
  }

  private static String records() {
    return IntStream.range(0, RECORDS)
        .mapToObj(i ->
            "{\"prompt\": \"%s\", \"completion\": \" %s\"}\n"
                .formatted(letters(i, 1), letters(i, 3)))
        .collect(Collectors.joining());
  }

  private static String letters(int from, int step) {
    return IntStream.range(0, RECORDS)
        .mapToObj(i -> String.valueOf((char) ('a' + (from + i * step) % LETTERS)))
        .collect(Collectors.joining(" "));
  }

  /** Linear layers of the fine-tune, each of which is written by itself. */
  int layers() {
    return LINEARS;
  }

  /** Arguments that compress the fine-tune and go on where an earlier process came to. */
  Object[] compress(Path out) {
    return new Object[] {
      "compress",
      "--base",
      base,
      "--model",
      tuned,
      "--codec",
      "deltazip",
      "--bits",
      4,
      "--keep",
      "all",
      "--calibration",
      records,
      "--samples",
      RECORDS,
      "--out",
      out,
      "--resume",
      "--force",
      "--backend",
      "cpu"
    };
  }
}
