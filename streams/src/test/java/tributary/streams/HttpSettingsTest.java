package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import akka.http.javadsl.settings.ServerSettings;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HttpSettingsTest {
  @Test
  void the_servers_settings_and_ours_win_over_what_the_libraries_prefer() {
    var http = TestServer.with().deadline(Duration.ofSeconds(100)).settings();
    var config = HttpSettings.layered(ConfigFactory.load(), http);
    var settings = ServerSettings.create(config);
    assertThat(settings.getMaxConnections()).isEqualTo(64);
    assertThat(settings.getTimeouts().idleTimeout().toSeconds()).isEqualTo(160);
    assertThat(settings.getServerHeader()).isEmpty();
    assertThat(config.getInt("akka.http.server.socket-options.so-send-buffer-size"))
        .isEqualTo(16 * 1024);
    assertThat(config.getBoolean("akka.http.server.socket-options.tcp-no-delay")).isTrue();
    assertThat(config.getBytes("akka.http.server.parsing.max-content-length")).isEqualTo(64 * 1024);
  }
}
