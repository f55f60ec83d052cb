-- name: FormPrintCreate :exec
insert into form_print (form, key, print) values (@form, @key, @print);

-- name: FormPrintGet :one
select print from form_print where form = @form and key = @key;

-- name: FormPrintDeleteOld :execrows
delete from form_print where at < now() - interval '90 days';
