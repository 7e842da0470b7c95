package tributary.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

class ServerConfigTest {
  @TempDir private Path directory;
  private ConfigText text;

  @BeforeEach
  void prepare() {
    text = new ConfigText(directory);
  }

  // What is read.

  @Test
  void a_file_with_a_base_alone_is_enough() {
    ServerConfig config = text.load("").server();
    assertThat(config.base())
        .isEqualTo(new ServerConfig.Base(new DeltaId("base"), directory.resolve("base"), true));
    assertThat(config.models()).isEmpty();
    assertThat(config.http().port()).isEqualTo(8000);
    assertThat(config.device().backend()).isEqualTo(ServerConfig.Device.Backend.AUTO);
    assertThat(config.cluster().seedNodes()).isEmpty();
  }

  @Test
  void every_setting_of_the_file_arrives() {
    text.file("x.delta");
    text.file("x/tokenizer.json");
    text.file("x.jinja");
    ServerConfig config =
        text.load(
                """
                tributary {
                  base { name = b, served = false }
                  models = [
                    { name = x, delta = x.delta, tokenizer = x, chat-template = x.jinja }
                    { name = y, delta = x.delta }
                  ]
                  http {
                    host = "0.0.0.0", port = 1, body-max = 2 KiB, connections-max = 3
                    heartbeat = 4 s, request-deadline = 5 m, drain-max = 6 s
                    choices-max = 7, prompts-max = 8, stop-strings-max = 9, send-buffer = 10 KiB
                  }
                  device {
                    backend = scalar, threads = 11, kv-memory = 12 MiB, page-tokens = 13
                    tokens-per-step = 15, running-max = 14, waiting-max = 16
                    warm-up = 36 s
                  }
                  deltas {
                    load-timeout = 17 s, idle-unload = 18 s, loads-concurrent = 19
                    waiting-per-delta-max = 20, memory = 27 MiB, warm-memory = 33 MiB
                    age-max = 28 s, store = kept, store-refresh = 29 s
                    store-max = 34 MiB, store-grace = 35 s
                  }
                  scheduling {
                    policy = line-skipping, gap-tokens = 30, age-max = 31 s, deltas-max = 32
                    prefix-cache = false
                  }
                  streaming { window-tokens = 21, slow-reader-max = 22 s }
                  recording { trace = t.jsonl, steps = s.jsonl, size-max = 33 MiB }
                  cluster { role = gateway, host = c, port = 23, seed-nodes = ["d:24", "[::1]:25"], shards = 26
                    replicas {
                      executors-max = 36, grow-tokens = 37, grow-after = 38 s, shrink-percent = 39
                      shrink-after = 40 s
                    } }
                }
                """)
            .server();
    Path delta = directory.resolve("x.delta");
    assertThat(config)
        .isEqualTo(
            new ServerConfig(
                new ServerConfig.Base(new DeltaId("b"), directory.resolve("base"), false),
                List.of(
                    new ServerConfig.Model(
                        new DeltaId("x"),
                        delta,
                        Optional.of(directory.resolve("x")),
                        Optional.of(directory.resolve("x.jinja"))),
                    new ServerConfig.Model(
                        new DeltaId("y"), delta, Optional.empty(), Optional.empty())),
                new ServerConfig.Http(
                    "0.0.0.0",
                    1,
                    new Bytes(2 << 10),
                    3,
                    Duration.ofSeconds(4),
                    Duration.ofMinutes(5),
                    Duration.ofSeconds(6),
                    7,
                    8,
                    9,
                    10 << 10),
                new ServerConfig.Device(
                    ServerConfig.Device.Backend.SCALAR,
                    11,
                    new Bytes(12 << 20),
                    13,
                    15,
                    14,
                    16,
                    Duration.ofSeconds(36)),
                new ServerConfig.Deltas(
                    Duration.ofSeconds(17),
                    Duration.ofSeconds(18),
                    19,
                    20,
                    new Bytes(27 << 20),
                    new Bytes(33 << 20),
                    Duration.ofSeconds(28),
                    Optional.of(directory.resolve("kept")),
                    Duration.ofSeconds(29),
                    new Bytes(34 << 20),
                    Duration.ofSeconds(35)),
                new ServerConfig.Scheduling(
                    ServerConfig.Scheduling.Policy.LINE_SKIPPING,
                    30,
                    Duration.ofSeconds(31),
                    32,
                    false),
                new ServerConfig.Streaming(21, Duration.ofSeconds(22)),
                new ServerConfig.Cluster(
                    ServerConfig.Role.GATEWAY,
                    "c",
                    23,
                    List.of("d:24", "[::1]:25"),
                    26,
                    new ServerConfig.Replicas(
                        36, 37, Duration.ofSeconds(38), 39, Duration.ofSeconds(40)),
                    new ServerConfig.Bootstrap(
                        ServerConfig.BootstrapMethod.NONE, "tributary", 2, 7626),
                    Optional.empty()),
                ServerConfig.Security.NONE,
                new ServerConfig.Recording(
                    Optional.of(directory.resolve("t.jsonl")),
                    Optional.of(directory.resolve("s.jsonl")),
                    new Bytes(33 << 20))));
  }

  @Test
  void a_text_is_read_like_a_file() {
    Path base = directory.resolve("base");
    Loaded loaded = ServerConfig.parse("tributary.base.path = \"%s\"".formatted(base));
    assertThat(loaded.server().base().path()).isEqualTo(base);
  }

  @Test
  void zero_threads_are_as_many_as_processors() {
    assertThat(text.load("tributary.device.threads = 0").server().device().threads())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }

  @Test
  void the_environment_wins_over_the_file() {
    Map<String, String> environment =
        Map.of(
            "TRIBUTARY_HTTP_HOST", "10.0.0.1",
            "TRIBUTARY_HTTP_PORT", "9001",
            "TRIBUTARY_CLUSTER_ROLE", "executor",
            "TRIBUTARY_CLUSTER_HOST", "10.0.0.2",
            "TRIBUTARY_CLUSTER_PORT", "9002",
            "TRIBUTARY_CLUSTER_SEED_NODES", "a:1, b:2");
    Path file = text.configuration("tributary.http.port = 80");
    ServerConfig config = Loaded.read(file, environment).server();
    assertThat(config.http().host()).isEqualTo("10.0.0.1");
    assertThat(config.http().port()).isEqualTo(9001);
    assertThat(config.cluster().role()).isEqualTo(ServerConfig.Role.EXECUTOR);
    assertThat(config.cluster().host()).isEqualTo("10.0.0.2");
    assertThat(config.cluster().port()).isEqualTo(9002);
    assertThat(config.cluster().seedNodes()).containsExactly("a:1", "b:2");
  }

  @Test
  void a_blank_list_in_the_environment_is_an_empty_one() {
    Path file = text.configuration("tributary.cluster.seed-nodes = [\"a:1\"]");
    Loaded loaded = Loaded.read(file, Map.of("TRIBUTARY_CLUSTER_SEED_NODES", " "));
    assertThat(loaded.server().cluster().seedNodes()).isEmpty();
  }

  @Test
  void a_bad_variable_is_refused_by_its_name() {
    Path file = text.configuration("");
    assertThatThrownBy(() -> Loaded.read(file, Map.of("TRIBUTARY_HTTP_PORT", "high")))
        .hasMessageContaining("tributary.http.port is '\"high\"' (TRIBUTARY_HTTP_PORT)");
  }

  @Test
  void an_override_wins_over_the_environment_and_reaches_what_refers_to_it() {
    Path file = text.configuration("akka.some.port = ${tributary.http.port}");
    Loaded loaded =
        Loaded.read(file, Map.of("TRIBUTARY_HTTP_PORT", "9001"))
            .withOverrides(Map.of("tributary.http.port", "9005"));
    assertThat(loaded.server().http().port()).isEqualTo(9005);
    assertThat(loaded.raw().getInt("akka.some.port")).isEqualTo(9005);
  }

  @Test
  void what_stands_beside_is_passed_on() {
    Loaded loaded = text.load("akka.loglevel = WARNING\nkamon.metric.tick-interval = 5 s");
    assertThat(loaded.raw().getString("akka.loglevel")).isEqualTo("WARNING");
    assertThat(loaded.raw().getDuration("kamon.metric.tick-interval")).hasSeconds(5);
    assertThat(loaded.raw().hasPath("java.version")).as("system properties").isTrue();
  }

  @Test
  void a_file_may_include_another() {
    text.write("common.conf", "tributary.http.port = 99");
    assertThat(text.load("include \"common.conf\"").server().http().port()).isEqualTo(99);
  }

  // What is refused.

  @ParameterizedTest
  @CsvSource({
    "tributary.http.prot = 1, tributary.http.prot, did you mean tributary.http.port?",
    "tributary.devise.threads = 1, tributary.devise, did you mean tributary.device?",
    "tributary.port = 1, tributary.port, did you mean tributary.http.port?",
    "tributary.http.zzzzzz = 1, tributary.http.zzzzzz, 'known here: host, port'",
    "tributary.models += { nam = x }, tributary.models[0].nam, did you mean",
  })
  void an_unknown_key_is_refused_with_the_nearest_known_one(String line, String key, String hint) {
    TributaryException refusal = refusal("\n" + line);
    assertThat(refusal.code()).isEqualTo(ErrorCode.CONFIG);
    assertThat(refusal.parameter()).isEqualTo(key);
    assertThat(refusal.text())
        .startsWith(key + " (")
        .contains("server.conf: 3) is not a setting; ", hint);
  }

  @ParameterizedTest
  @CsvSource({
    "http.port, abc, a whole number from 0 to 65535",
    "http.port, 80.5, a whole number from 0 to 65535",
    "http.port, 1e300, a whole number from 0 to 65535",
    "http.port, [], a whole number",
    "http.port, null, a whole number",
    "http.host, '\"\"', a host name or an IP address",
    "http.host, {}, a host name or an IP address",
    "http.body-max, many, a size from 1 KiB to 1 GiB",
    "http.body-max, -5 MiB, a size from 1 KiB to 1 GiB",
    "http.body-max, 99999999999 TiB, a size from 1 KiB to 1 GiB",
    "http.heartbeat, soon, a duration from 10 ms to 50 s",
    "http.heartbeat, 99999999999999999999 d, a duration from 10 ms to 50 s",
    "http, 5, 'a section, { ... }'",
    "base.served, perhaps, true or false",
    "base.name, '\"a/b\"', a model name",
    "base.name, .hidden, a model name",
    "device.backend, GPU, 'one of auto, cuda, cpu, scalar, vector'",
    "models, 5, a list of sections",
    "models, [5], 'a section, { ... }'",
    "cluster.seed-nodes, [nowhere], nodes as host:port",
    "cluster.seed-nodes, '[\"a:0\"]', nodes as host:port",
    "cluster.seed-nodes, '[\"a:99999\"]', nodes as host:port",
    "cluster.seed-nodes, {}, nodes as host:port",
  })
  void a_value_of_the_wrong_kind_is_refused_with_what_is_wanted(
      String key, String value, String wanted) {
    TributaryException refusal = refusal("tributary." + key + " = " + value);
    assertThat(refusal.code()).isEqualTo(ErrorCode.CONFIG);
    assertThat(refusal.parameter()).startsWith("tributary." + key);
    assertThat(refusal.text()).startsWith("tributary." + key).contains("it must be " + wanted);
    assertThat(refusal.text().lines()).as("one mistake, one line").hasSize(1);
  }

  @Test
  void a_refusal_tells_where_and_what_the_value_is() {
    assertThat(refusal("tributary.http.port = 70000").text())
        .isEqualTo(
            "tributary.http.port is '70000' (%s: 2); it must be a whole number from 0 to 65535"
                .formatted(directory.resolve("server.conf")));
  }

  @Test
  void all_mistakes_are_told_at_once_and_misspelt_keys_first() {
    TributaryException refusal =
        refusal("tributary { http.port = -1, device.thread = 2, deltas.load-timeout = 0 s }");
    assertThat(refusal.parameter()).isEqualTo("tributary.device.thread");
    assertThat(refusal.text().lines())
        .satisfiesExactly(
            line -> assertThat(line).contains("tributary.device.threads?"),
            line -> assertThat(line).startsWith("tributary.http.port is '-1'"),
            line -> assertThat(line).startsWith("tributary.deltas.load-timeout is '\"0 s\"'"));
  }

  @Test
  void a_base_must_be_named() {
    Path file = text.write("server.conf", "");
    assertThatThrownBy(() -> ServerConfig.load(file))
        .hasMessageContaining("tributary.base.path is not set")
        .hasMessageContaining("directory of a checkpoint");
  }

  @ParameterizedTest
  @CsvSource({
    "base.path = nowhere, tributary.base.path, config.json",
    "'models = [{ name = x, delta = no.delta }]', tributary.models[0].delta, no.delta",
    "'models = [{ name = x, delta = base }]', tributary.models[0].delta, a delta file",
    "'models = [{ name = x, delta = d, tokenizer = base }]', tributary.models[0].tokenizer, json",
    "'models = [{name = x, delta = d, chat-template = t}]', tributary.models[0].chat-template, /t",
  })
  void a_file_that_is_not_there_is_refused(String line, String key, String wanted) {
    text.file("d");
    TributaryException refusal = refusal("tributary." + line);
    assertThat(refusal.code()).isEqualTo(ErrorCode.FILE_NOT_FOUND);
    assertThat(refusal.parameter()).isEqualTo(key);
    assertThat(refusal.text()).contains(wanted, directory.toString());
  }

  @Test
  void a_model_must_have_a_name_and_a_delta() {
    TributaryException refusal = refusal("tributary.models = [{}]");
    assertThat(refusal.text())
        .contains("tributary.models[0].name is not set", "tributary.models[0].delta is not set");
  }

  @ParameterizedTest
  @ValueSource(strings = {"name = x", "name = base"})
  void two_models_of_one_name_are_refused(String second) {
    text.file("d");
    TributaryException refusal =
        refusal(
            "tributary.models = [{ name = x, delta = d }, { %s, delta = d }]".formatted(second));
    assertThat(refusal.code()).isEqualTo(ErrorCode.CONFIG);
    assertThat(refusal.parameter()).isEqualTo("tributary.models[1].name");
    assertThat(refusal.text()).contains("another one than tributary.");
  }

  @Test
  void a_server_that_would_serve_nothing_is_refused() {
    assertThat(refusal("tributary.base.served = false").parameter()).isEqualTo("tributary.models");
  }

  @Test
  void a_step_must_have_a_token_for_each_running_sequence() {
    TributaryException refusal =
        refusal("tributary.device { running-max = 65, tokens-per-step = 64 }");
    assertThat(refusal.parameter()).isEqualTo("tributary.device.tokens-per-step");
    assertThat(refusal.text()).contains("is '64'", "at least running-max, 65");
  }

  @Test
  void text_that_is_no_hocon_is_refused_with_its_line() {
    TributaryException refusal = refusal("tributary {\n http { port = }");
    assertThat(refusal.code()).isEqualTo(ErrorCode.CONFIG);
    assertThat(refusal.text()).contains("server.conf: 3");
  }

  @Test
  void a_substitution_of_nothing_is_refused() {
    assertThat(refusal("tributary.http.host = ${nobody.knows}").text()).contains("nobody.knows");
  }

  @Test
  void a_configuration_file_that_is_not_there_is_refused() {
    Path file = directory.resolve("other.conf");
    TributaryException refusal =
        catchThrowableOfType(TributaryException.class, () -> ServerConfig.load(file));
    assertThat(refusal.code()).isEqualTo(ErrorCode.FILE_NOT_FOUND);
    assertThat(refusal.text()).contains(file.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "tributary.http.port, 70000, tributary.http.port is '\"70000\"' (command line)",
    "tributary.http.prot, 1, did you mean tributary.http.port?",
    "tributary..port, 1, path",
  })
  void an_override_is_checked_like_the_file(String key, String value, String told) {
    Loaded loaded = text.load("");
    assertThatThrownBy(() -> loaded.withOverrides(Map.of(key, value)))
        .isInstanceOf(TributaryException.class)
        .hasMessageStartingWith("config: ")
        .hasMessageContaining(told);
  }

  private TributaryException refusal(String lines) {
    return catchThrowableOfType(TributaryException.class, () -> text.load(lines));
  }
}
