package tributary.simulation.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.protocol.Bytes;

final class CostModelTest {
  private static final LinkCost LINK = new LinkCost(1e9, 0.001, 2);
  private static final CodecSpec ONE_PLANE = CodecSpec.named("bitdelta").orElseThrow();
  private static final ModelSpec SEVEN = ModelSpec.named("llama-2-7b").orElseThrow();
  private static final Hardware H100 = Hardware.named("h100").orElseThrow();

  @TempDir Path directory;

  @Test
  void a_curve_bends_at_its_knots() {
    var curve = new Curve(List.of(0.0, 10.0, 20.0), List.of(1.0, 0.0, 2.0));
    assertThat(curve.at(0)).isZero();
    assertThat(curve.at(4)).isEqualTo(4);
    assertThat(curve.at(15)).isEqualTo(10);
    assertThat(curve.at(23)).isEqualTo(16);
    assertThatThrownBy(() -> new Curve(List.of(0.0, 0.0), List.of(1.0, 1.0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Curve.linear(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void loads_side_by_side_share_a_link() {
    assertThat(LINK.time(new Bytes(1_000_000_000), 1).seconds()).isEqualTo(1.001);
    assertThat(LINK.time(new Bytes(1_000_000_000), 2).seconds()).isEqualTo(2.001);
    assertThat(LINK.slowed(10).time(new Bytes(1_000_000_000), 1).seconds())
        .isCloseTo(10.01, within(1e-9));
  }

  /** Whole decode steps of a Llama-2-7B shape at 512 positions, as measured, in milliseconds. */
  @ParameterizedTest
  @CsvSource({"1, 0, 5.527", "8, 0, 6.165", "16, 0, 7.507", "32, 0, 9.086"})
  @CsvSource({"1, 1, 5.991", "8, 8, 10.681", "16, 16, 17.309", "32, 32, 32.798"})
  void the_preset_gives_the_steps_that_it_was_made_from(int rows, int tenants, double measured) {
    CostModel costs = Presets.of(H100, SEVEN, ONE_PLANE, 1);
    var work = new StepWork();
    for (int row = 0; row < rows; row++) {
      work.slice(511, 1, true);
    }
    for (int tenant = 0; tenant < tenants; tenant++) {
      work.delta(ONE_PLANE.size(SEVEN).count() / 1e9, 1);
    }
    double predicted = 1e3 * new StepPrice(costs, "bitdelta").seconds(work);
    assertThat(predicted).isCloseTo(measured, within(0.05 * measured));
  }

  @Test
  void more_gpus_or_a_smaller_base_never_make_a_step_slower() {
    double seven = seconds(SEVEN, 1);
    ModelSpec thirteen = ModelSpec.named("llama-2-13b").orElseThrow();
    assertThat(seconds(thirteen, 1)).isGreaterThan(1.5 * seven);
    assertThat(seconds(thirteen, 4)).isLessThan(seconds(thirteen, 1));
  }

  private static double seconds(ModelSpec model, int gpus) {
    var work = new StepWork();
    work.slice(0, 700, true);
    work.slice(900, 1, true);
    work.delta(ONE_PLANE.size(model).count() / 1e9, 701);
    return new StepPrice(Presets.of(H100, model, ONE_PLANE, gpus), "bitdelta").seconds(work);
  }

  @Test
  void a_fit_finds_the_costs_that_made_the_steps() {
    var truth =
        new CostModel(
            "truth",
            "",
            new StepCosts(
                0.002,
                new Curve(List.of(0.0, 2.0, 8.0, 64.0), List.of(1e-3, 5e-4, 2e-4, 3e-4)),
                1e-5,
                2e-7,
                1e-8,
                4e-5),
            Map.of("c", new DeltaCosts(3e-4, Curve.linear(0.05), 2e-3)),
            LoopCosts.NONE,
            LINK,
            LINK,
            null);
    var price = new StepPrice(truth, "c");
    var fit = new CostFit();
    for (int step = 0; step < 300; step++) {
      StepWork work = random(new SplittableRandom(step));
      fit.add(work, price.seconds(work));
    }
    CostModel found = fit.fit("found", "", "c", LINK, LINK);
    assertThat(found.residuals())
        .isNotNull()
        .satisfies(residuals -> assertThat(residuals.meanError()).isLessThan(0.01));
    var again = new StepPrice(found, "c");
    for (int step = 1000; step < 1100; step++) {
      StepWork work = random(new SplittableRandom(step));
      assertThat(again.seconds(work))
          .as("step " + step)
          .isCloseTo(price.seconds(work), within(0.05 * price.seconds(work)));
    }
  }

  private static StepWork random(SplittableRandom random) {
    var work = new StepWork();
    int slices = 1 + random.nextInt(40);
    for (int i = 0; i < slices; i++) {
      boolean prompt = random.nextInt(8) == 0;
      work.slice(random.nextInt(1000), prompt ? 1 + random.nextInt(200) : 1, random.nextBoolean());
    }
    for (int delta = random.nextInt(9); delta > 0; delta--) {
      work.delta(random.nextDouble(0.001, 0.02), 1 + random.nextInt(30));
    }
    return work;
  }

  @Test
  void a_cost_file_is_read_as_it_was_written_and_others_are_refused() throws IOException {
    Path file = directory.resolve("costs.json");
    CostModel costs = Presets.of(H100, SEVEN, ONE_PLANE, 2);
    CostFile.write(costs, file);
    assertThat(CostFile.read(file)).isEqualTo(costs);
    String text = Files.readString(file);
    Files.writeString(file, text.replace("\"version\" : 2", "\"version\" : 7"));
    assertThatThrownBy(() -> CostFile.read(file))
        .hasMessageContaining("cost_model")
        .hasMessageContaining("version 7; this build reads 2");
    Files.writeString(file, text.replace("\"fixed\" : ", "\"fixed\" : -"));
    assertThatThrownBy(() -> CostFile.read(file)).hasMessageContaining("it is no cost model");
    assertThatThrownBy(() -> CostFile.read(directory.resolve("none")))
        .hasMessageContaining("bench calibrate");
  }

  @Test
  void a_codec_that_was_not_calibrated_is_told() {
    CostModel costs = Presets.of(H100, SEVEN, ONE_PLANE, 1);
    assertThatThrownBy(() -> new StepPrice(costs, "spqr"))
        .hasMessageContaining("does not know codec spqr, only [bitdelta]");
  }
}
