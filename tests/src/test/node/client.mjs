// The official client against the server at argv[2] with the key argv[3]: prints one JSON object a
// check, {"name", "ok", "found"}.
import OpenAI from 'openai';

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey });
const model = 'sgd_chat';
const messages = [{ role: 'user', content: 'I want to book a table for two.' }];
const parameters = {
  type: 'object',
  properties: { city: { type: 'string', maxLength: 12 }, people: { type: 'integer', minimum: 1, maximum: 9 } },
  required: ['city', 'people'],
  additionalProperties: false,
};
const tools = [{ type: 'function', function: { name: 'book_table', description: 'books', parameters } }];

const isBooking = (value) =>
  typeof value.city === 'string' && value.city.length <= 12 && value.people >= 1 && value.people <= 9;

async function failure(ask) {
  try {
    await ask();
    return {};
  } catch (error) {
    return error;
  }
}

const checks = {
  async models() {
    const ids = [];
    for await (const each of client.models.list()) ids.push(each.id);
    const one = await client.models.retrieve(model);
    return [ids.includes(model) && one.id === model, ids];
  },
  async chat() {
    const answer = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 16 });
    const text = answer.choices[0].message.content;
    return [text.length > 0 && answer.usage.completion_tokens > 0, text];
  },
  async chat_stream() {
    const ask = { model, messages, temperature: 0, max_tokens: 16 };
    const whole = (await client.chat.completions.create(ask)).choices[0].message.content;
    const stream = await client.chat.completions.create({
      ...ask, stream: true, stream_options: { include_usage: true },
    });
    let text = '';
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? '';
      usage = chunk.usage ?? usage;
    }
    return [text === whole && usage.total_tokens > 0, text];
  },
  async completions() {
    const answer = await client.completions.create({
      model, prompt: ['User: Hello.\nAssistant:', 'User: Bye.\nAssistant:'], n: 2, max_tokens: 4, seed: 3, echo: true,
    });
    return [answer.choices.length === 4 && answer.choices[0].text.startsWith('User: Hello.'), answer.choices.length];
  },
  async logprobs() {
    const answer = await client.chat.completions.create({
      model, messages, max_tokens: 4, logprobs: true, top_logprobs: 3,
    });
    const content = answer.choices[0].logprobs.content;
    return [content.length > 0 && content[0].top_logprobs.length === 3 && content[0].logprob <= 0, content.length];
  },
  async echo_logprobs() {
    const answer = await client.completions.create({
      model, prompt: 'User: Hello.', max_tokens: 1, logprobs: 1, echo: true,
    });
    const { tokens, token_logprobs: scores } = answer.choices[0].logprobs;
    return [tokens.length === answer.usage.prompt_tokens + answer.usage.completion_tokens
      && scores[0] === null && scores.slice(1).every((score) => score <= 0), tokens];
  },
  async embeddings() {
    const input = ['I want to book a table.', 'Goodbye.', 'I want to book a table.'];
    const short = await client.embeddings.create({ model, input }); // The client asks for base64.
    const long = await client.embeddings.create({ model, input, encoding_format: 'float' });
    const [a, b, c] = long.data.map((item) => item.embedding);
    const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    const same = short.data[0].embedding.every((value, i) => Math.abs(value - a[i]) < 1e-6);
    return [same && Math.abs(dot(a, a) - 1) < 1e-5 && dot(a, c) > 0.9999 && dot(a, b) < dot(a, c)
      && long.usage.total_tokens === long.usage.prompt_tokens, long.usage];
  },
  async json_schema() {
    const answer = await client.chat.completions.create({
      model, messages, temperature: 1.5, max_tokens: 300,
      response_format: { type: 'json_schema', json_schema: { name: 'booking', strict: true, schema: parameters } },
    });
    return [isBooking(JSON.parse(answer.choices[0].message.content)), answer.choices[0].message.content];
  },
  async tools() {
    const answer = await client.chat.completions.create({
      model, messages, tools, tool_choice: 'required', parallel_tool_calls: false, temperature: 1, max_tokens: 300,
    });
    const [choice] = answer.choices;
    const [call] = choice.message.tool_calls;
    const ok = choice.finish_reason === 'tool_calls' && call.function.name === 'book_table';
    const told = await client.chat.completions.create({
      model, max_tokens: 8,
      messages: [...messages, choice.message, { role: 'tool', tool_call_id: call.id, content: 'done' }],
    });
    return [ok && isBooking(JSON.parse(call.function.arguments)) && told.choices.length === 1, call];
  },
  async tools_stream() {
    const runner = client.chat.completions.stream({
      model, messages, tools, tool_choice: { type: 'function', function: { name: 'book_table' } },
      temperature: 1, max_tokens: 300,
    });
    const { choices: [choice] } = await runner.finalChatCompletion();
    const [call] = choice.message.tool_calls;
    return [isBooking(JSON.parse(call.function.arguments)) && call.id.startsWith('call_'), call];
  },
  async unknown_model() {
    const error = await failure(() => client.completions.create({ model: 'nobody', prompt: 'x' }));
    return [error instanceof OpenAI.NotFoundError && error.code === 'model_not_found', error.status];
  },
  async bad_request() {
    const error = await failure(() => client.completions.create({ model, prompt: 'x', temperature: 9 }));
    return [error instanceof OpenAI.BadRequestError && error.param === 'temperature', error.status];
  },
  async wrong_key() {
    const other = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: 'wrong' });
    const error = await failure(() => other.models.list());
    return [error instanceof OpenAI.AuthenticationError, error.status];
  },
  async retries() {
    let attempts = 0;
    const counting = new OpenAI({
      baseURL: `${baseURL}/v1`, apiKey, maxRetries: 2,
      fetch: (url, init) => {
        attempts++;
        // The first attempt meets a server that is full, as ours says it.
        return attempts > 1 ? fetch(url, init)
          : Promise.resolve(new Response('{"error":{"message":"full","type":"rate_limit_error","param":null,"code":"queue_full"}}',
            { status: 429, headers: { 'content-type': 'application/json', 'retry-after-ms': '20' } }));
      },
    });
    const answer = await counting.completions.create({ model, prompt: 'User: Hi.', max_tokens: 2 });
    return [attempts === 2 && answer.choices.length === 1, attempts];
  },
};

for (const [name, check] of Object.entries(checks)) {
  let ok = false;
  let found;
  try {
    [ok, found] = await check();
  } catch (error) {
    found = String(error);
  }
  console.log(JSON.stringify({ name, ok, found }));
}
