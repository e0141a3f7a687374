// Talking to the server: problems become sentences, events a stream of jobs.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The server cannot be reached: no answer at all, or none from behind a proxy. */
export class Offline extends Error {}

export class Api {
  #key = sessionStorage.getItem('key') ?? '';
  #asked = null;  // the question that is open, however many requests wait for the key

  /** askForKey(wrong): called when the server wants an API key, or another one; resolves to the key, '' for none. */
  constructor(askForKey) {
    this.askForKey = askForKey;
  }

  async request(path, options = {}) {
    const headers = {...options.headers, ...(this.#key ? {Authorization: `Bearer ${this.#key}`} : {})};
    let answer;
    try {
      answer = await fetch(path, {...options, headers});
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new Offline('The server does not answer.');
    }
    if (answer.status === 401) {
      this.#asked ??= this.askForKey(this.#key !== '').finally(() => { this.#asked = null; });
      this.#key = await this.#asked;
      sessionStorage.setItem('key', this.#key);
      if (!this.#key) throw new Problem(401, 'This server wants a key: reload the page to enter it.');
      return this.request(path, options);
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  async json(path, options) {
    return (await this.request(path, options)).json();
  }

  async blob(path) {
    return (await this.request(path)).blob();
  }

  /** Asks for a job and resolves to it when it is over; seen hears of it on the way. */
  async job(path, form, seen = () => {}) {
    const job = await this.json(path, {method: 'POST', body: form});
    return this.follow(job, seen);
  }

  /** Follows a job to its end, through any number of broken connections. */
  async follow(job, seen) {
    for (let pause = 500; !isOver(job); pause = Math.min(2 * pause, 8000)) {
      seen(job);
      try {
        for await (const now of this.#events(job)) {
          job = now;
          pause = 500;
          seen(job);
        }
        if (!isOver(job)) job = await this.json(job.links.self);
      } catch (error) {
        if (!(error instanceof Offline)) throw error;
        seen(job, error);
      }
      if (!isOver(job)) await new Promise(resolve => setTimeout(resolve, pause));
    }
    return job;
  }

  async *#events(job) {
    const answer = await this.request(job.links.events);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      let part;
      try {
        part = await reader.read();
      } catch {
        throw new Offline('The connection broke.');
      }
      if (part.done) return;
      text += part.value;
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks) {
        const data = block.split('\n').find(line => line.startsWith('data: '));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  }
}

export const isOver = job => ['done', 'failed', 'cancelled'].includes(job.state);

async function problemOf(answer) {
  const content = await answer.json().catch(() => ({}));
  if (answer.status >= 502 && answer.status <= 504 && !content.detail) return new Offline('The server does not answer.');
  return new Problem(answer.status, content.detail ?? `The server says ${answer.status}.`);
}
