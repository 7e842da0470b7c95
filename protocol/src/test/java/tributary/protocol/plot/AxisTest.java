package tributary.protocol.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import tributary.protocol.plot.Axis.Scale;

class AxisTest {
  @Test
  void ticks_are_round_and_few() {
    assertThat(new Axis("x", Scale.LINEAR, 0.97, 1.52).ticks())
        .extracting(Axis::text)
        .containsExactly("1", "1.1", "1.2", "1.3", "1.4", "1.5");
    assertThat(new Axis("x", Scale.LOGARITHMIC, 0.9, 4.5).ticks()).contains(1.0, 2.0, 4.0);
    assertThat(new Axis("x", Scale.LOGARITHMIC, 1e-5, 0.5).ticks())
        .containsExactly(1e-5, 1e-4, 1e-3, 1e-2, 1e-1);
    assertThat(Axis.text(0.0003)).isEqualTo("3e-4");
    assertThat(Axis.text(1.5)).isEqualTo("1.5");
    assertThat(Axis.text(100)).isEqualTo("100");
    assertThat(Axis.text(0)).isEqualTo("0");
  }

  @Test
  void a_single_value_has_an_axis_too() {
    for (Scale scale : Scale.values()) {
      Axis axis = Axis.around("x", scale, List.of(1.0));
      assertThat(axis.place(1)).isCloseTo(0.5, within(1e-9));
    }
  }
}
