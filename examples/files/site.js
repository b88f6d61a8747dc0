// What the page can't do by itself: listen, and send a file as it is.
const seconds = document.getElementById("events");
new EventSource("events").onmessage = event => { seconds.value = event.data };

const result = document.getElementById("upload");
document.getElementById("file").onchange = async event => {
  const [file] = event.target.files;
  if (file === undefined) return;
  result.value = "...";
  try {
    const response = await fetch("upload", { method: "PUT", body: file });
    const answer = await response.json();
    result.value = `${answer.size} octets, SHA-256 ${answer.sha256}`;
  } catch (problem) {
    result.value = problem;
  }
};
