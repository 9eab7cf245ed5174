// The camera, shown in a video element.

import { make } from "./dom.js";

/** How large the camera's pictures are asked to be. */
const SIZE = { width: { ideal: 640 }, height: { ideal: 480 } };

export class Camera {
  readonly video = make("video", { muted: true, playsInline: true });
  #stream: MediaStream | undefined;

  get on(): boolean {
    return this.#stream !== undefined;
  }

  /** @throws DOMException if there is no camera, it may not be used, or it is in use */
  async start(): Promise<void> {
    if (!navigator.mediaDevices) {
      throw new Error("The camera needs a page that is served over https, or from this computer.");
    }
    this.#stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", ...SIZE },
    });
    this.video.srcObject = this.#stream;
    await this.video.play();
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.video.srcObject = null;
  }

  /** The picture that it shows now. */
  picture(): Promise<ImageBitmap> {
    return createImageBitmap(this.video);
  }
}

/** Calls back with each new picture of the camera, one at a time, until it is switched off. */
export async function eachPicture(
  camera: Camera,
  see: (picture: ImageBitmap) => Promise<void>,
): Promise<void> {
  while (camera.on) {
    const picture = await camera.picture();
    await see(picture).finally(() => picture.close());
    await new Promise((next) => requestAnimationFrame(next)); // hidden pages rest
  }
}
