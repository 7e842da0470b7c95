package tributary.model.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.OutputForm;

/** JSON that a model wrote that says anything is what the schema wants, every time. */
class SchemaFormTest {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();
  private static final int TEXTS = 63;
  private static final int TOKENS_MAX = 3000;

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "{'type':'object','properties':{'name':{'type':'string','maxLength':20},"
            + "'age':{'type':'integer','minimum':0,'maximum':150},"
            + "'mail':{'type':'string','format':'hostname'}},"
            + "'required':['name','age','mail'],'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':'boolean'},'b':{'type':'null'},"
            + "'c':{'enum':['x',2,null,{'k':[1]}]},'é\\\"\\\\':{'const':'日本'}},'required':['b']}",
        "{'type':'array','items':{'type':'number'},'minItems':2,'maxItems':5}",
        "{'type':'array','prefixItems':[{'type':'string','maxLength':4},{'type':'integer'}],"
            + "'items':{'type':'boolean'},'minItems':3,'maxItems':4}",
        "{'anyOf':[{'type':'string','minLength':2,'maxLength':6},{'type':'integer'},"
            + "{'type':'null'}]}",
        "{'oneOf':[{'type':'object','properties':{'kind':{'const':'cat'},'lives':"
            + "{'type':'integer','exclusiveMinimum':0,'exclusiveMaximum':10}},"
            + "'required':['kind','lives'],'additionalProperties':false},"
            + "{'type':'object','properties':{'kind':{'const':'dog'},'good':{'type':'boolean'}},"
            + "'required':['kind']}]}",
        "{'$defs':{'node':{'type':'object','properties':{'value':{'type':'integer'},"
            + "'next':{'anyOf':[{'$ref':'#/$defs/node'},{'type':'null'}]}},"
            + "'required':['value','next'],'additionalProperties':false}},"
            + "'$ref':'#/$defs/node'}",
        "{'type':'string','pattern':'^[A-Z]{2}-[0-9]{3,5}(x|\\\\.y)?$'}",
        "{'type':'string','pattern':'^a?[\\\"\\\\\\\\\\n]{1,3}(.é|[^a-z])$'}",
        "{'type':['integer','string'],'minimum':-7,'maximum':12,'maxLength':3}",
        "{'type':'number','minimum':-3,'exclusiveMaximum':2}",
        "{'type':'number','exclusiveMinimum':0,'maximum':1}",
        "{'type':'object','properties':{'id':{'type':'integer'}},'required':['id'],"
            + "'additionalProperties':{'type':'string','maxLength':3}}",
        "{'type':'object','properties':{'when':{'type':'string','format':'date-time'},"
            + "'day':{'type':'string','format':'date'},'id':{'type':'string','format':'uuid'},"
            + "'ip':{'type':'string','format':'ipv4'},'at':{'type':'string','format':'time'}},"
            + "'required':['when','day','id','ip','at']}",
        "{'allOf':[{'type':'array','maxItems':1,'uniqueItems':true,'items':{'enum':[1,2]}}],"
            + "'title':'t','default':[],'x-order':3}",
        "{'type':'object','required':['free'],'properties':{'list':{'type':'array','maxItems':2,"
            + "'items':{'type':'array','maxItems':2,'items':{'type':'string','maxLength':2}}},"
            + "'free':{'type':'boolean'}}}",
      })
  void every_text_of(String schema) throws Exception {
    String text = json(schema);
    var writer = new Writer(new OutputForm.JsonSchema(text));
    JsonSchema validator = validator(text);
    int ended = 0;
    for (long seed = 0; seed < TEXTS; seed++) {
      Optional<String> written = writer.write(seed, TOKENS_MAX);
      if (written.isPresent()) {
        ended++;
        JsonNode value = JSON.readTree(written.get());
        assertThat(validator.validate(value)).as("seed %d: %s", seed, written.get()).isEmpty();
      }
    }
    assertThat(ended).isEqualTo(TEXTS);
  }

  @Test
  void a_free_object_is_an_object_where_it_ends() throws Exception {
    var writer = new Writer(new OutputForm.JsonObject());
    int ended = 0;
    for (long seed = 0; seed < 60; seed++) {
      Optional<String> written = writer.write(seed, 400);
      if (written.isPresent()) {
        ended++;
        assertThat(JSON.readTree(written.get()).isObject()).as(written.get()).isTrue();
      }
    }
    assertThat(ended).isGreaterThan(10);
  }

  @ParameterizedTest(name = "{0} takes {1}: {2}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {'type':'integer','minimum':-7,'maximum':120} | 120 | true
          {'type':'integer','minimum':-7,'maximum':120} | 121 | false
          {'type':'integer','minimum':-7,'maximum':120} | -7 | true
          {'type':'integer','minimum':-7,'maximum':120} | -8 | false
          {'type':'integer','minimum':95,'maximum':1204} | 99 | true
          {'type':'integer','minimum':95,'maximum':1204} | 1199 | true
          {'type':'integer','minimum':95,'maximum':1204} | 1205 | false
          {'type':'integer','minimum':95,'maximum':1204} | 94 | false
          {'type':'integer','minimum':95,'maximum':1204} | 0100 | false
          {'type':'number','minimum':0,'maximum':1} | 0.75 | true
          {'type':'number','minimum':0,'maximum':1} | 1 | true
          {'type':'number','minimum':0,'maximum':1} | 1.5 | false
          {'type':'number','exclusiveMinimum':0} | 0 | false
          {'type':'number','exclusiveMinimum':0} | 0.001 | true
          {'type':'string','maxLength':2} | "é😀" | true
          {'type':'string','maxLength':2} | "abc" | false
          {'type':'string'} | "a\\ud83dx" | false
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'integer'}}} | {"b":1} | true
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'integer'}}} | {} | true
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'integer'}}} | {"a": 1, "b": 2} | true
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'integer'}}} | {"a":1,} | false
          {'type':'object','properties':{'a':{'type':'integer'}},'required':['a']} | {} | false
          {'type':'object','properties':{'a':{'type':'integer'}},'additionalProperties':{}} | {"a":1,"ab":2} | true
          {'type':'object','properties':{'a':{'type':'integer'}},'additionalProperties':{}} | {"a":1,"a":2} | false
          {'type':'string','format':'date'} | "2024-02-30" | false
          {'type':'string','format':'date'} | "2024-01-31" | true
          {'type':'string','format':'email'} | "ada.l@example.org" | true
          {'type':'string','format':'email'} | "ada@" | false
          {} | [1,{"x":null}] | true
          """)
  void a_form_takes_what_is_valid(String schema, String text, boolean taken) {
    var writer = new Writer(new OutputForm.JsonSchema(json(schema)));
    assertThat(writer.takes(text.replace("\\\\", "\\"))).isEqualTo(taken);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      textBlock =
          """
          {'not':{}} ; not
          {'if':{},'then':{}} ; if
          {'type':'object','patternProperties':{}} ; patternProperties
          {'type':'object','minProperties':1} ; minProperties
          {'type':'array','uniqueItems':true} ; uniqueItems
          {'type':'array','contains':{}} ; contains
          {'type':'integer','multipleOf':3} ; multipleOf
          {'type':'number','minimum':0.5} ; minimum that is not whole
          {'type':'string','format':'iri'} ; the format 'iri'
          {'type':'string','pattern':'(?=a)b'} ; look-around
          {'type':'string','pattern':'(a)\\\\1'} ; the escape \\1
          {'type':'string','pattern':'^a$|^b$'} ; an anchor
          {'type':'string','pattern':'a','minLength':3} ; minLength
          {'allOf':[{},{}]} ; allOf
          {'oneOf':[{'type':'integer'},{'type':'number'}]} ; oneOf
          {'anyOf':[{}],'properties':{}} ; properties beside anyOf
          {'$ref':'http://example.org/x'} ; a $ref outside
          {'$ref':'#/nowhere'} ; leads nowhere
          {'$ref':'#'} ; requires itself for ever
          {'type':'object','properties':{'a':{'$ref':'#'}},'required':['a']} ; requires itself
          {'type':'strange'} ; no type of that name
          {'enum':[]} ; none of its values
          {'type':'string','minLength':3,'maxLength':2} ; minLength is above maxLength
          {'type':'integer','minimum':3,'maximum':2} ; no number is between
          {'type':'object','required':['a'],'additionalProperties':false} ; requires a property
          false ; it is false
          3 ; must be an object
          """)
  void what_cannot_be_kept_to_is_refused_by_name(String schema, String named) {
    assertThatThrownBy(() -> new Writer(new OutputForm.JsonSchema(json(schema))))
        .hasMessageStartingWith("unsupported_schema")
        .hasMessageContaining(named);
  }

  @Test
  void a_schema_too_deep_or_too_long_is_refused() {
    assertThatThrownBy(() ->
            new Writer(
                new OutputForm.JsonSchema("{\"items\":".repeat(100) + "{}" + "}".repeat(100))))
        .hasMessageContaining("deeper than");
    assertThatThrownBy(() -> new Writer(new OutputForm.JsonSchema(" ".repeat(300_000) + "{}")))
        .hasMessageContaining("characters");
  }

  private static JsonSchema validator(String schema) {
    var settings = SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(schema, settings);
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }
}
