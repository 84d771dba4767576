export function followNews(_list: HTMLElement): void {}
