// A picture over another one, and a slider that says where one ends and the other begins.

class BeforeAfter extends HTMLElement {
  #urls = [];

  connectedCallback() {
    this.innerHTML = `
      <div class="stage empty"><svg aria-hidden="true" viewBox="0 0 24 24"><circle cx="12" cy="9" r="4.5"/><path d="M3.5 21c1-4.5 4.5-6 8.5-6s7.5 1.5 8.5 6"/></svg><p>Take or choose a picture of a face, or invent one.</p></div>
      <div class="slider" hidden>
        <label for="cut" class="visually-hidden">Where the picture before ends and the one after begins, in percent</label>
        <input id="cut" type="range" min="0" max="100" value="50">
      </div>`;
    this.stage = this.querySelector('.stage');
    this.slider = this.querySelector('.slider');
    this.cut = this.querySelector('#cut');
    this.cut.addEventListener('input', () => this.#move());
    for (const kind of ['pointerdown', 'pointermove']) {
      this.stage.addEventListener(kind, event => {
        if (this.slider.hidden || (kind === 'pointermove' && event.buttons === 0)) return;
        if (kind === 'pointerdown') this.stage.setPointerCapture(event.pointerId);
        const box = this.stage.getBoundingClientRect();
        this.cut.value = Math.max(0, Math.min(100, Math.round(100 * (event.clientX - box.left) / box.width)));
        this.#move();
        event.preventDefault();
      });
    }
  }

  #move() {
    this.stage.style.setProperty('--cut', `${this.cut.value}%`);
  }

  /** One picture, such as that which was chosen, or one on the way. */
  async one(blob, alt) {
    this.#show([[blob, alt, '']]);
    this.slider.hidden = true;
    await this.#fit();
  }

  /** Two, to compare. Resolves when they can be seen. */
  async both(before, after, text) {
    this.cut.value = 50;
    this.#show([[before, 'Before', ''], [after, `After: ${text}`, 'after']]);
    this.stage.insertAdjacentHTML('beforeend', '<div class="cut"></div><span class="left" aria-hidden="true">before</span><span class="right" aria-hidden="true">after</span>');
    this.#move();
    this.slider.hidden = false;
    await this.#fit();
  }

  /** Gives the stage the shape of its pictures, once they can be seen. */
  async #fit() {
    const images = [...this.stage.querySelectorAll('img')];
    await Promise.all(images.map(image => image.decode().catch(() => {})));
    if (images[0].isConnected && images[0].naturalWidth) this.stage.style.aspectRatio = `${images[0].naturalWidth} / ${images[0].naturalHeight}`;
  }

  #show(pictures) {
    const old = this.#urls;
    this.#urls = pictures.map(([blob]) => URL.createObjectURL(blob));
    const images = pictures.map(([, alt, kind], number) => Object.assign(new Image(), {src: this.#urls[number], alt, className: kind}));
    this.stage.classList.remove('empty');
    this.stage.replaceChildren(...images);
    old.forEach(url => URL.revokeObjectURL(url));
  }
}

customElements.define('before-after', BeforeAfter);
