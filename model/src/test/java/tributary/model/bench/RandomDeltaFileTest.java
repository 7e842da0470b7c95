package tributary.model.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tributary.model.Families;
import tributary.model.Golden;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.tensor.container.DeltaFile;

/** A file as real ones are, which is gone afterwards. */
class RandomDeltaFileTest {
  @Test
  void is_a_whole_delta_until_it_is_closed() {
    Network network = Families.network(ModelConfig.read(Golden.directory("llama")));
    Path path;
    try (var file = new RandomDeltaFile(new RandomCode(RandomCode.Kind.SIGN_PLANES, 2), network)) {
      path = file.path();
      assertThat(file.read()).isPositive();
      assertThat(file.readPlainly()).isPositive();
      try (DeltaFile delta = file.open()) {
        delta.verifyChecksums();
        assertThat(delta.tensors()).isNotEmpty();
        assertThat(delta.bytes(1).byteSize()).isBetween(1L, delta.bytes(2).byteSize() - 1);
        assertThat(delta.bytes(2).byteSize()).isEqualTo(delta.size().count());
      }
    }
    assertThat(Files.exists(path)).isFalse();
  }
}
