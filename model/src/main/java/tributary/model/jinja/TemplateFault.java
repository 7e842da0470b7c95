package tributary.model.jinja;

/** Something wrong with a template, or with what it was given; {@link Template} names the line. */
final class TemplateFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TemplateFault(String message) {
    super(message, null, false, false);
  }
}
