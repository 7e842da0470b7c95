package tributary.compression.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.Codec;
import tributary.compression.DeltaEncoder;
import tributary.compression.quality.Evaluation.Variant;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.Golden;
import tributary.model.ResidentDelta;
import tributary.model.tokenizer.TextTokenizer;
import tributary.model.tokenizer.TinyTokenizers;
import tributary.protocol.TributaryException;

class EvaluationTest {
  private static final int END = 2;

  @TempDir Path directory;

  @BeforeEach
  void writeTokenizer() throws IOException {
    TinyTokenizers.byteLevel(directory);
  }

  @Test
  void a_compressed_fine_tune_predicts_as_the_fine_tune_and_not_as_the_base() throws IOException {
    Path task = write("{\"prompt\":\"hello\",\"completion\":\" the end\"}", 9);
    Path delta = directory.resolve("x.delta");
    DeltaEncoder.encode(
        new DeltaEncoder.Job(
            Golden.directory("llama"),
            Golden.directory("llama-finetune"),
            "x",
            Codec.named("bitdelta", Map.of("planes", "8", "embedding_bits", "8")),
            delta),
        (done, of) -> {});
    try (Backend backend = backend();
        BaseModel base = BaseModel.load(Golden.directory("llama"), backend);
        BaseModel tuned = BaseModel.load(Golden.directory("llama-finetune"), backend);
        ResidentDelta resident = ResidentDelta.load(delta, base)) {
      List<Variant> variants =
          List.of(Variant.of(tuned), new Variant(base, resident), Variant.of(base));
      List<Fidelity> found = task(variants, task);
      double ofTuned = found.get(0).quality().perplexity();
      double ofDelta = found.get(1).quality().perplexity();
      double ofBase = found.get(2).quality().perplexity();
      assertThat(Math.abs(ofDelta / ofTuned - 1)).isLessThan(0.2 * Math.abs(ofBase / ofTuned - 1));
      assertThat(found.get(0).divergence()).isZero();
      assertThat(found.get(0).agreement()).isEqualTo(1);
      assertThat(found.get(1).divergence()).isBetween(1e-9, 0.1 * found.get(2).divergence());
      assertThat(found.get(1).agreement()).isGreaterThan(found.get(2).agreement());
      assertThat(task(List.of(new Variant(base, resident)), task).getFirst().quality().perplexity())
          .isEqualTo(ofDelta);
    }
  }

  @Test
  void records_count_with_their_end_tokens_and_up_to_the_limit() throws IOException {
    Path task = write("{\"prompt\":\"ab\",\"completion\":\"xyz\"}", 30);
    List<Integer> told = new ArrayList<>();
    try (Backend backend = backend();
        BaseModel base = BaseModel.load(Golden.directory("llama"), backend);
        Evaluation evaluation = Evaluation.open(directory, List.of(Variant.of(base)))) {
      Quality ten =
          evaluation.task(task, 10, (done, of) -> told.add(of - done)).getFirst().quality();
      assertThat(ten.records()).isEqualTo(10);
      assertThat(ten.tokens()).isEqualTo(10 * 4);
      assertThat(ten.exactMatch()).isZero();
      assertThat(told).endsWith(0);
      Quality all = evaluation.task(task, 1000, (done, of) -> {}).getFirst().quality();
      assertThat(all.records()).isEqualTo(30);
      assertThat(all.perplexity()).isCloseTo(ten.perplexity(), within(1e-9));
    }
  }

  @Test
  void text_is_read_in_windows_and_has_no_exact_match() throws IOException {
    Path text = directory.resolve("text.txt");
    Files.writeString(text, "\n one \n<|endoftext|>  <|endoftext|>" + "abcdefgh".repeat(100));
    Path tiny = Golden.directory("llama");
    try (Backend backend = backend();
        BaseModel base = BaseModel.load(tiny, backend);
        Evaluation evaluation = Evaluation.open(directory, List.of(Variant.of(base)))) {
      // Three characters and an end, 800 characters and an end: one window, as 512 are predicted.
      Quality quality = evaluation.text(text, 5, (done, of) -> {}).getFirst().quality();
      assertThat(quality.records()).isEqualTo(1);
      assertThat(quality.tokens()).isEqualTo(512);
      assertThat(quality.exactMatch()).isNull();
      assertThat(new ObjectMapper().valueToTree(quality).fieldNames())
          .toIterable()
          .containsExactly("exact_match", "perplexity", "records", "tokens", "seconds");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"prompt\":\"a\"}",
        "{\"prompt\":1,\"completion\":\"b\"}",
        "{\"prompt\":\"a\",\"completion\":null}"
      })
  void a_broken_record_is_named_by_its_line(String record) throws IOException {
    Path task = directory.resolve("task.jsonl");
    Files.writeString(task, "{\"prompt\":\"a\",\"completion\":\"b\"}\n" + record + "\n");
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      assertThatThrownBy(() -> Records.task(task, 10, tokenizer, END))
          .isInstanceOf(TributaryException.class)
          .hasMessageContainingAll("invalid_json", "task.jsonl, line 2");
    }
  }

  @Test
  void files_without_anything_to_evaluate_are_named() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty"));
    Path binary = Files.write(directory.resolve("binary"), new byte[] {(byte) 0xFF, 0x0A});
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      assertThatThrownBy(() -> Records.task(empty, 10, tokenizer, END))
          .hasMessageContaining("nothing to evaluate");
      assertThatThrownBy(() -> Records.text(empty, 10, tokenizer, END))
          .hasMessageContaining("nothing to evaluate");
      assertThatThrownBy(() -> Records.task(directory.resolve("none"), 10, tokenizer, END))
          .hasMessageContaining("file_not_found");
      assertThatThrownBy(() -> Records.text(directory.resolve("none"), 10, tokenizer, END))
          .hasMessageContaining("file_not_found");
      assertThatThrownBy(() -> Records.task(binary, 10, tokenizer, END))
          .hasMessageContaining("UTF-8");
      assertThatThrownBy(() -> Records.task(empty, 0, tokenizer, END))
          .hasMessageContaining("limit is 0");
    }
  }

  private List<Fidelity> task(List<Variant> variants, Path task) {
    try (Evaluation evaluation = Evaluation.open(directory, variants)) {
      return evaluation.task(task, 100, (done, of) -> {});
    }
  }

  private static Backend backend() {
    return Backends.open(BackendChoice.SCALAR, 1);
  }

  private Path write(String record, int times) throws IOException {
    return Files.writeString(directory.resolve("task.jsonl"), (record + "\n").repeat(times));
  }
}
