// A block of code that is a file says which: the word after the language in its fence.
for (const code of document.querySelectorAll("pre > code")) {
    const file = [...code.classList].find((word) => /\w\.\w+$/.test(word));
    if (file) {
        const caption = document.createElement("div");
        caption.className = "file-name";
        caption.textContent = file;
        code.parentElement.before(caption);
    }
}
